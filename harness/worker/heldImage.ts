import type {
  Capability,
  ImageEmbedding,
  MaskPrediction,
  Prompt,
  PromptPass,
  RgbImage,
  Rle,
  Tensor,
  Variant,
  VariantManifest,
} from "../api.ts";
import { prepare, toModelFrame } from "../image/index.ts";
import { encodeRle, maskFromLogits, stabilityScore } from "../mask/index.ts";
import { type Timed, timedSync } from "../measure/clock.ts";
import { type CheckedVariant, timedUnchecked } from "./checkedVariant.ts";

/** What of a pass decides what a variant is asked for. */
export type AskedOf = Pick<PromptPass, "looksAt" | "stabilityOffset">;

/** An image, or a crop of one, that a variant has encoded: what a pass needs of it, whatever kind of variant it is. */
export interface HeldImage {
  /** The variant's. */
  readonly lacks: readonly Capability[];
  /** One prediction a prompt, in their order. */
  decode(prompts: readonly Prompt<"image">[], asked: AskedOf): Promise<readonly HeldPrediction[]>;
  /** All masks without a prompt; of variants that have such an output. */
  everything?(): Promise<HeldPrediction>;
}

/** A prediction whose masks are made when they are asked for. */
export interface HeldPrediction {
  readonly prediction: MaskPrediction;
  /** At the size of the held image. Where the variant found no mask at all, token 0 is an empty one. */
  mask(token: number): Rle;
  /** [1, side, side]; nothing where there are none. */
  lowResLogits(token: number): Tensor | undefined;
  /** |{logit > offset}| / |{logit > -offset}|; nothing where it is not known. */
  stability(token: number, offset: number): number | undefined;
}

/** A variant of any kind, as something that takes photos and holds them. */
export interface ImageHolder {
  /** What can be done while another image is encoded. */
  prepare(photo: RgbImage): PreparedImage;
  /** How long a step takes, without the checks of what the variant returns in it. */
  timed<T>(step: () => Promise<T>): Promise<Timed<T>>;
}

export interface PreparedImage {
  /** Encodes it. The time is that from the photo on. */
  hold(): Promise<Timed<HeldImage>>;
}

/** Holds images by their embeddings. */
export function embeddingHolder(variant: CheckedVariant, preset: VariantManifest): ImageHolder {
  return {
    prepare(photo) {
      const input = timedSync(() => prepare(photo, preset.input));
      return {
        async hold() {
          const { value: embedding, durationMs } = await timedUnchecked(variant, () => variant.encode(input.value));
          const held = embeddedImage({ variant, preset, embedding });
          return { value: held, durationMs: input.durationMs + durationMs };
        },
      };
    },
    timed: (step) => timedUnchecked(variant, step),
  };
}

export interface EmbeddedImage {
  readonly variant: Variant;
  readonly preset: VariantManifest;
  readonly embedding: ImageEmbedding;
}

/** The image behind an embedding: prompts go into the model frame, logits come back out of it. */
export function embeddedImage({ variant, preset, embedding }: EmbeddedImage): HeldImage {
  const held = (prediction: MaskPrediction) => heldPrediction(prediction, embedding, preset);
  const { everything } = variant;
  return {
    lacks: preset.lacks,
    async decode(prompts) {
      const placed = prompts.map((prompt) => toModelFrame(prompt, embedding.geometry));
      return (await variant.decode(embedding, placed)).map(held);
    },
    everything: everything && (async () => held(await everything.call(variant, embedding))),
  };
}

function heldPrediction(
  prediction: MaskPrediction,
  { geometry }: ImageEmbedding,
  preset: VariantManifest,
): HeldPrediction {
  return {
    prediction,
    mask(token) {
      const logits = logitsOf(prediction, token);
      if (logits !== undefined) return maskFromLogits(logits.data, geometry, preset.mask);
      const found = prediction.kind === "masks" ? prediction.masks[token] : undefined;
      return found ?? encodeRle(new Uint8Array(geometry.image.height * geometry.image.width), geometry.image);
    },
    lowResLogits: (token) => logitsOf(prediction, token),
    stability(token, offset) {
      const logits = logitsOf(prediction, token);
      return logits === undefined ? undefined : stabilityScore(logits.data, { geometry, spec: preset.mask, offset });
    },
  };
}

/** One token's logits, [1, side, side], sharing the prediction's memory. */
function logitsOf(prediction: MaskPrediction, token: number): Tensor | undefined {
  return prediction.kind === "logits" ? logitsAt(prediction.lowResLogits, token) : undefined;
}

/** The logits at a place of [tokens, side, side], sharing their memory. */
export function logitsAt({ dims, data }: Tensor, place: number): Tensor {
  const [, rows, columns] = dims as [number, number, number];
  const size = rows * columns;
  return { dims: [1, rows, columns], data: data.subarray(place * size, (place + 1) * size) };
}
