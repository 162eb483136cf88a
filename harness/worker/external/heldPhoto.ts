import type { DecodeRequest, PhotoPrediction, PhotoVariant, RgbImage, VariantManifest } from "../../api.ts";
import { timed } from "../../measure/clock.ts";
import { type AskedOf, type HeldImage, type HeldPrediction, type ImageHolder, logitsAt } from "../heldImage.ts";
import { logitMasks } from "../logitMasks.ts";

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
  const prediction = { kind: "tokens", tokens, predictedIou } as const;
  if (output.kind === "masks")
    return {
      prediction,
      mask: (token) => output.masks[placeOf(token)]!,
      lowResLogits: () => undefined,
      stability: (token) => stability?.[placeOf(token)],
      maskAbove: () => undefined,
    };
  const { lowResLogits, geometry } = output;
  const masks = logitMasks((token) => logitsAt(lowResLogits, placeOf(token)).data, { geometry, spec });
  return {
    prediction,
    // Each token that placeOf knows has logits.
    mask: (token) => masks.mask(token)!,
    lowResLogits: (token) => logitsAt(lowResLogits, placeOf(token)),
    stability: masks.stability,
    maskAbove: masks.maskAbove,
  };
}
