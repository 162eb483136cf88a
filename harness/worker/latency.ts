import type { Dataset, ImageEmbedding, ImageId, Variant, VariantManifest } from "../api.ts";
import { prepare, toModelFrame } from "../image/index.ts";
import { maskFromLogits } from "../mask/index.ts";
import { timed } from "../measure/clock.ts";
import { processMemory } from "../measure/memory.ts";
import type { PointSizes } from "../plan/point.ts";
import { batchPrompts, boxPrompt, timedBoxes } from "../prompts/timedBoxes.ts";
import { encoding } from "./encoding.ts";
import type { OutputChecks } from "./outputChecks.ts";

export interface LatencyInput {
  readonly variant: Variant;
  readonly preset: VariantManifest;
  readonly dataset: Dataset;
  readonly checks: OutputChecks;
  /** Present for a point of a sweep: how many images are encoded in one call, and how many prompts decoded. */
  readonly sizes?: PointSizes | undefined;
}

/** One sample of each stage, in ms. */
export interface LatencySample {
  readonly prepareMs: number;
  /** Time of one call of the encoder, which takes an image or a whole batch of them. */
  readonly encodeMs: number;
  /** Time of one box prompt, with what the decoder computes once for each image: this is the papers' figure. */
  readonly decodeMs: number;
  /** Time from logits to one mask; 0 for a variant whose decoder returns masks. */
  readonly upscaleMs: number;
  /** Time to transfer pixels and masks where another process computes; it is in no stage. */
  readonly transferMs?: number | undefined;
  readonly batch: { readonly prompts: number; readonly durationMs: number };
  /** Peak memory of the process since it began; the data set and all else that the harness reads are in it. */
  readonly peakBytes: number;
}

/** Takes an image through all four stages and times each. Reading the photo and checking the outputs belong to no stage. */
export async function measureTurn(input: LatencyInput, image: ImageId): Promise<LatencySample> {
  const { variant, preset, dataset, checks, sizes } = input;
  const photo = await dataset.read(image);
  const prepared = await timed(() => prepare(photo, preset.input));
  const encoded = await timed(encoding({ variant, preset, batch: sizes?.batch }, prepared.value));
  for (const each of encoded.value) checks.embedding(each, prepared.value);
  const [embedding] = encoded.value as [ImageEmbedding];
  const { geometry } = embedding;
  const boxes = timedBoxes(dataset, image, photo.size).map((box) => toModelFrame(boxPrompt(box, preset), geometry));
  const prompts = batchPrompts(boxes, sizes?.prompts);
  const decoded = await timed(() => variant.decode(embedding, boxes.slice(0, 1)));
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
    peakBytes: processMemory().peakBytes(),
  };
}
