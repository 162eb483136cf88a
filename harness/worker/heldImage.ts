import type {
  Capability,
  ImageEmbedding,
  LookedAt,
  MaskPrediction,
  Prompt,
  PromptPass,
  RgbImage,
  Rle,
  Tensor,
  Variant,
  VariantManifest,
} from "../api.ts";
// Not by image/index.ts: that brings the codec, and this file runs in web pages too.
import { prepare, toModelFrame } from "../image/prepare.ts";
import { encodeRle } from "../mask/index.ts";
import { type Timed, timedSync } from "../measure/clock.ts";
import { type CheckedVariant, timedUnchecked } from "./checkedVariant.ts";
import { logitMasks } from "./logitMasks.ts";

/** Fields of a pass that decide what a variant is asked for. */
export type AskedOf = Pick<PromptPass, "looksAt" | "stabilityOffset" | "leastPredictedIou">;

/** An image, or a crop of one, that a variant has encoded. A pass needs nothing else, whatever kind of variant it is. */
export interface HeldImage {
  /** Capabilities that the variant lacks. */
  readonly lacks: readonly Capability[];
  /** Returns one prediction for each prompt, in their order. */
  decode(prompts: readonly Prompt<"image">[], asked: AskedOf): Promise<readonly HeldPrediction[]>;
  /** Returns all masks without a prompt; absent for variants that have no such output. */
  everything?(): Promise<HeldPrediction>;
}

/** A prediction whose masks are made when they are asked for. */
export interface HeldPrediction {
  readonly prediction: MaskPrediction;
  /** Returns a token's mask at the size of the held image. Where the variant found no mask at all, token 0 is an empty one. */
  mask(token: number): Rle;
  /** Returns a token's logits, [1, side, side], or nothing where there are none. */
  lowResLogits(token: number): Tensor | undefined;
  /** Returns |{logit > offset}| / |{logit > -offset}|, or nothing where it is not known. */
  stability(token: number, offset: number): number | undefined;
  /** Returns the pixels of the held image whose logit exceeds `level`, or nothing where there are no logits. */
  maskAbove(token: number, level: number): Rle | undefined;
}

/** A variant of any kind that takes photos and holds them. */
export interface ImageHolder {
  /** Does what can be done while another image is encoded. */
  prepare(photo: RgbImage): PreparedImage;
  /** Times a step, without the checks of what the variant returns in it. */
  timed<T>(step: () => Promise<T>): Promise<Timed<T>>;
}

export interface PreparedImage {
  /** Encodes the image. Its time begins with the photo. */
  hold(): Promise<Timed<HeldImage>>;
}

/** Returns a holder that keeps images as their embeddings. */
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

/** Returns the image that an embedding holds: prompts are moved into the model frame, and logits out of it. */
export function embeddedImage({ variant, preset, embedding }: EmbeddedImage): HeldImage {
  const held = (prediction: MaskPrediction) => heldPrediction(prediction, embedding, preset);
  const { everything } = variant;
  return {
    lacks: preset.lacks,
    async decode(prompts, asked) {
      const placed = prompts.map((prompt) => toModelFrame(prompt, embedding.geometry));
      return (await variant.decode(embedding, placed, lookedAt(asked, preset))).map(held);
    },
    everything: everything && (async () => held(await everything.call(variant, embedding))),
  };
}

/** Returns which masks a pass looks at; nothing where it may keep any. */
function lookedAt({ looksAt, leastPredictedIou }: AskedOf, { lacks }: VariantManifest): LookedAt | undefined {
  if (leastPredictedIou === undefined) return undefined;
  const firstToken = looksAt === "single mask" || lacks.includes("single-mask-token") ? 0 : 1;
  return { firstToken, leastPredictedIou };
}

function heldPrediction(
  prediction: MaskPrediction,
  { geometry }: ImageEmbedding,
  preset: VariantManifest,
): HeldPrediction {
  const ofLogits = logitMasks((token) => logitsOf(prediction, token)?.data, { geometry, spec: preset.mask });
  return {
    prediction,
    mask(token) {
      const found = ofLogits.mask(token) ?? (prediction.kind === "masks" ? prediction.masks[token] : undefined);
      return found ?? encodeRle(new Uint8Array(geometry.image.height * geometry.image.width), geometry.image);
    },
    lowResLogits: (token) => logitsOf(prediction, token),
    stability: ofLogits.stability,
    maskAbove: ofLogits.maskAbove,
  };
}

/** Returns one token's logits, [1, side, side]; they share the prediction's memory. */
function logitsOf(prediction: MaskPrediction, token: number): Tensor | undefined {
  return prediction.kind === "logits" ? logitsAt(prediction.lowResLogits, token) : undefined;
}

/** Returns the logits at a place of [tokens, side, side]; they share memory with the others. */
export function logitsAt({ dims, data }: Tensor, place: number): Tensor {
  const [, rows, columns] = dims as [number, number, number];
  const size = rows * columns;
  return { dims: [1, rows, columns], data: data.subarray(place * size, (place + 1) * size) };
}
