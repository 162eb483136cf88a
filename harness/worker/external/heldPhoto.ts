import type { DecodeRequest, PhotoPrediction, PhotoVariant, RgbImage, Rle, VariantManifest } from "../../api.ts";
import { maskAbove, maskFromLogits, stabilityScore } from "../../mask/index.ts";
import { timed } from "../../measure/clock.ts";
import { type AskedOf, type HeldImage, type HeldPrediction, type ImageHolder, logitsAt } from "../heldImage.ts";

/** The set that a choice looks at. The program decodes it once, and nothing besides. */
export function requestOf({ looksAt, stabilityOffset }: AskedOf): DecodeRequest {
  return { set: looksAt === "single mask" ? "single" : "multimask", stabilityOffset };
}

/** Holds photos by handing them to a variant that knows one at a time: one that is asked again after another is set again. */
export function photoHolder(variant: PhotoVariant, preset: VariantManifest): ImageHolder {
  let present: RgbImage | undefined;
  const set = async (photo: RgbImage) => {
    if (present === photo) return;
    present = undefined;
    await variant.setImage(photo);
    present = photo;
  };
  const held = (photo: RgbImage): HeldImage => ({
    lacks: preset.lacks,
    async decode(prompts, asked) {
      await set(photo);
      const { predictions } = await variant.decode(prompts, requestOf(asked));
      return predictions.map((prediction) => heldPrediction(prediction, preset));
    },
  });
  return {
    prepare: (photo) => ({
      async hold() {
        const { durationMs } = await timed(() => set(photo));
        return { value: held(photo), durationMs };
      },
    }),
    timed: (step) => timed(step),
  };
}

function heldPrediction(
  { tokens, predictedIou, output, stability }: PhotoPrediction,
  { mask: spec }: VariantManifest,
): HeldPrediction {
  const placeOf = (token: number): number => {
    const place = tokens.indexOf(token);
    if (place < 0) throw new Error(`token ${token} was not asked for, but ${tokens.join(", ")}`);
    return place;
  };
  const logitsOf = (token: number) =>
    output.kind === "logits" ? logitsAt(output.lowResLogits, placeOf(token)) : undefined;
  return {
    prediction: { kind: "tokens", tokens, predictedIou },
    mask(token): Rle {
      if (output.kind === "masks") return output.masks[placeOf(token)]!;
      return maskFromLogits(logitsOf(token)!.data, output.geometry, spec);
    },
    lowResLogits: logitsOf,
    stability(token, offset) {
      if (output.kind === "masks") return stability?.[placeOf(token)];
      return stabilityScore(logitsOf(token)!.data, { geometry: output.geometry, spec, offset });
    },
    maskAbove(token, level) {
      if (output.kind === "masks") return undefined;
      return maskAbove(logitsOf(token)!.data, { geometry: output.geometry, spec, level });
    },
  };
}
