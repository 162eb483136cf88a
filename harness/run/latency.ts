import type { Box, Dataset, ImageId, Prompt, Size, Variant, VariantManifest } from "../api.ts";
import { prepare, toModelFrame } from "../image/index.ts";
import { maskFromLogits } from "../mask/index.ts";
import { timed } from "../measure/clock.ts";
import { peakDuring } from "../measure/memory.ts";

const defaults = {
  /** Boxes in the batch that prompts a second are measured with. */
  batchPrompts: 16,
};

export interface LatencyInput {
  readonly variant: Variant;
  readonly preset: VariantManifest;
  readonly dataset: Dataset;
}

/** One sample of each stage, ms. */
export interface LatencySample {
  readonly prepareMs: number;
  readonly encodeMs: number;
  /** One box prompt, what the decoder computes once an image included: the papers' figure. */
  readonly decodeMs: number;
  /** Logits to one mask; 0 for a variant whose decoder gives masks. */
  readonly upscaleMs: number;
  readonly batch: { readonly prompts: number; readonly durationMs: number };
}

/** An image through all four stages, each timed on its own; reading the photo is not a stage. */
export async function measureTurn({ variant, preset, dataset }: LatencyInput, image: ImageId): Promise<LatencySample> {
  const photo = await dataset.read(image);
  const prepared = await timed(() => prepare(photo, preset.input));
  const encoded = await timed(() => variant.encode(prepared.value));
  const { geometry } = encoded.value;
  const boxes = boxPrompts({ dataset, preset }, image, photo.size).map((prompt) => toModelFrame(prompt, geometry));
  const decoded = await timed(() => variant.decode(encoded.value, boxes.slice(0, 1)));
  const prediction = decoded.value[0]!;
  const upscaled = await timed(() => {
    if (prediction.kind !== "logits") return undefined;
    const { dims, data } = prediction.lowResLogits;
    const token = prediction.predictedIou.length > 1 ? 1 : 0;
    const size = dims[1]! * dims[2]!;
    return maskFromLogits(data.subarray(token * size, (token + 1) * size), geometry, preset.mask);
  });
  const batch = await timed(() => variant.decode(encoded.value, boxes));
  return {
    prepareMs: prepared.durationMs,
    encodeMs: encoded.durationMs,
    decodeMs: decoded.durationMs,
    upscaleMs: upscaled.value === undefined ? 0 : upscaled.durationMs,
    batch: { prompts: boxes.length, durationMs: batch.durationMs },
  };
}

export interface MeasuredMemory {
  readonly encode: number;
  readonly decode: number;
  /** On the GPU after loading, after an encode and after a decode, where `gpuBytes` tells. */
  readonly gpu?: { readonly load: number; readonly encode: number; readonly decode: number };
}

/** Peak memory of the process while one image is encoded, and while one box is decoded; bytes, absolute. */
export async function measureMemory(
  { variant, preset, dataset }: LatencyInput,
  image: ImageId,
  gpuBytes: () => number | undefined,
): Promise<MeasuredMemory> {
  const load = gpuBytes();
  const photo = await dataset.read(image);
  const prepared = prepare(photo, preset.input);
  const encode = await peakDuring(() => variant.encode(prepared));
  const encoded = gpuBytes();
  const [prompt] = boxPrompts({ dataset, preset }, image, photo.size);
  const decode = await peakDuring(() => variant.decode(encode.value, [toModelFrame(prompt!, encode.value.geometry)]));
  const decoded = gpuBytes();
  const peaks = { encode: encode.peakBytes, decode: decode.peakBytes };
  if (load === undefined || encoded === undefined || decoded === undefined) return peaks;
  return { ...peaks, gpu: { load, encode: encoded, decode: decoded } };
}

/**
 * The image's boxes, over and over until the batch is full; the whole image where nothing is annotated. A decoder that takes
 * no boxes gets their centres.
 */
function boxPrompts(
  { dataset, preset }: Pick<LatencyInput, "dataset" | "preset">,
  image: ImageId,
  { height, width }: Size,
): Prompt<"image">[] {
  const whole: Box = { x0: 0, y0: 0, x1: width, y1: height };
  const boxes = dataset.targetsOf(image).map(({ box }) => box);
  const usable = boxes.filter(({ x0, y0, x1, y1 }) => x1 > x0 && y1 > y0);
  return Array.from({ length: defaults.batchPrompts }, (_, i) => {
    const box = usable.length === 0 ? whole : usable[i % usable.length]!;
    if (!preset.lacks.includes("box-prompt")) return { frame: "image", points: [], box };
    return { frame: "image", points: [{ x: (box.x0 + box.x1) / 2, y: (box.y0 + box.y1) / 2, label: 1 }] };
  });
}
