import type { Dataset, ImageId, Variant, VariantManifest } from "../api.ts";
import { prepare, toModelFrame } from "../image/index.ts";
import { maskFromLogits } from "../mask/index.ts";
import { timed } from "../measure/clock.ts";
import { processMemory } from "../measure/memory.ts";
import { boxPrompt, timedBoxes } from "../prompts/timedBoxes.ts";
import type { OutputChecks } from "./outputChecks.ts";

const defaults = {
  /** Prompts in the batch that prompts a second are measured with: they repeat the image's boxes. */
  batchPrompts: 16,
};

export interface LatencyInput {
  readonly variant: Variant;
  readonly preset: VariantManifest;
  readonly dataset: Dataset;
  readonly checks: OutputChecks;
}

/** One sample of each stage, in ms. */
export interface LatencySample {
  readonly prepareMs: number;
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
  const { variant, preset, dataset, checks } = input;
  const photo = await dataset.read(image);
  const prepared = await timed(() => prepare(photo, preset.input));
  const encoded = await timed(() => variant.encode(prepared.value));
  checks.embedding(encoded.value, prepared.value);
  const { geometry } = encoded.value;
  const boxes = timedBoxes(dataset, image, photo.size).map((box) => toModelFrame(boxPrompt(box, preset), geometry));
  const prompts = batchPrompts(boxes);
  const decoded = await timed(() => variant.decode(encoded.value, boxes.slice(0, 1)));
  checks.predictions(decoded.value, 1, geometry);
  const prediction = decoded.value[0]!;
  const upscaled = await timed(() => {
    if (prediction.kind !== "logits") return undefined;
    const { dims, data } = prediction.lowResLogits;
    const token = prediction.predictedIou.length > 1 ? 1 : 0;
    const size = dims[1]! * dims[2]!;
    return maskFromLogits(data.subarray(token * size, (token + 1) * size), geometry, preset.mask);
  });
  const batch = await timed(() => variant.decode(encoded.value, prompts));
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

/** The boxes, over and over, as many as a batch has. */
export function batchPrompts<T>(boxes: readonly T[]): readonly T[] {
  return Array.from({ length: defaults.batchPrompts }, (_, i) => boxes[i % boxes.length]!);
}
