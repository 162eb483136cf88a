import type { Box, ImageEmbedding, RgbImage, Variant, VariantManifest } from "../../api.ts";
// Not by image/index.ts: that brings the codec, and this file runs in web pages too.
import { prepare, toModelFrame } from "../../image/prepare.ts";
import { maskFromLogits } from "../../mask/index.ts";
import { timed } from "../../measure/clock.ts";
import type { PointSizes } from "../../plan/point.ts";
import { batchPrompts, boxPrompt } from "../../prompts/timedBoxes.ts";
import type { OutputChecks } from "../outputChecks.ts";
import { encoding } from "./encoding.ts";

export interface TimedVariant {
  readonly variant: Variant;
  readonly preset: VariantManifest;
  readonly checks: OutputChecks;
  /** Present for a point of a sweep: how many images are encoded in one call, and how many prompts decoded. */
  readonly sizes?: PointSizes | undefined;
}

/** A photo with the boxes that are prompted on it, at least one. */
export interface BoxedPhoto {
  readonly photo: RgbImage;
  readonly boxes: readonly Box[];
}

/** Times of the four stages, in ms. */
export interface StageTimes {
  readonly prepareMs: number;
  /** Time of one call of the encoder, which takes an image or a whole batch of them. */
  readonly encodeMs: number;
  /** Time of one box prompt, with what the decoder computes once for each image: this is the papers' figure. */
  readonly decodeMs: number;
  /** Time from logits to one mask; 0 for a variant whose decoder returns masks. */
  readonly upscaleMs: number;
  readonly batch: { readonly prompts: number; readonly durationMs: number };
}

/** Takes a photo through all four stages and times each. Checking the outputs belongs to no stage. */
export async function timedStages(
  { variant, preset, checks, sizes }: TimedVariant,
  { photo, boxes }: BoxedPhoto,
): Promise<StageTimes> {
  const prepared = await timed(() => prepare(photo, preset.input));
  const encoded = await timed(encoding({ variant, preset, batch: sizes?.batch }, prepared.value));
  for (const each of encoded.value) checks.embedding(each, prepared.value);
  const [embedding] = encoded.value as [ImageEmbedding];
  const { geometry } = embedding;
  const placed = boxes.map((box) => toModelFrame(boxPrompt(box, preset), geometry));
  const prompts = batchPrompts(placed, sizes?.prompts);
  const decoded = await timed(() => variant.decode(embedding, placed.slice(0, 1)));
  checks.predictions(decoded.value, 1, geometry);
  const prediction = decoded.value[0]!;
  const upscaled = await timed(() => {
    if (prediction.kind !== "logits") return undefined;
    const { dims, data } = prediction.lowResLogits;
    const token = prediction.predictedIou.length > 1 ? 1 : 0;
    const size = dims[1]! * dims[2]!;
    return maskFromLogits(data.subarray(token * size, (token + 1) * size), geometry, preset.mask);
  });
  const batch = await timed(() => variant.decode(embedding, prompts));
  checks.predictions(batch.value, prompts.length, geometry);
  return {
    prepareMs: prepared.durationMs,
    encodeMs: encoded.durationMs,
    decodeMs: decoded.durationMs,
    upscaleMs: upscaled.value === undefined ? 0 : upscaled.durationMs,
    batch: { prompts: prompts.length, durationMs: batch.durationMs },
  };
}
