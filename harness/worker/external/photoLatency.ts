import type { Dataset, DecodeRequest, ImageId, PhotoPrediction, VariantManifest } from "../../api.ts";
import { maskFromLogits } from "../../mask/index.ts";
import { timedSync } from "../../measure/clock.ts";
import { processMemory } from "../../measure/memory.ts";
import { batchPrompts, boxPrompt, timedBoxes } from "../../prompts/timedBoxes.ts";
import { logitsAt } from "../heldImage.ts";
import type { LatencySample } from "../latency.ts";
import type { OpenedProcess } from "./open.ts";

export interface PhotoLatencyInput extends OpenedProcess {
  readonly dataset: Dataset;
}

/**
 * Takes an image through all stages, with one mask for each box as for graphs: the single-mask token's where there is one. The
 * process's own clock times the stages; the harness's waiting beyond them is the transfer of pixels and masks.
 */
export async function measurePhotoTurn(input: PhotoLatencyInput, image: ImageId): Promise<LatencySample> {
  const { link, variant, preset, dataset } = input;
  const photo = await dataset.read(image);
  const boxes = timedBoxes(dataset, image, photo.size).map((box) => boxPrompt(box, preset));
  const request = timedRequest(preset);
  const before = variant.waited;
  const { prepareMs, encodeMs } = await variant.setImage(photo);
  const one = await variant.decode(boxes.slice(0, 1), request);
  const { wallMs, ownMs } = variant.waited;
  const upscaledMs = upscaleMs(one.predictions[0]!, preset);
  const batch = batchPrompts(boxes);
  const many = await variant.decode(batch, request);
  return {
    prepareMs,
    encodeMs,
    decodeMs: one.decodeMs,
    upscaleMs: one.postprocessMs + upscaledMs,
    transferMs: Math.max(wallMs - before.wallMs - (ownMs - before.ownMs), 0),
    batch: { prompts: batch.length, durationMs: many.decodeMs },
    peakBytes: processMemory().peakBytes() + link.memory.peakBytes(),
  };
}

/** Returns a request for the set that one mask for each box comes from. */
export function timedRequest({ lacks }: Pick<VariantManifest, "lacks">): DecodeRequest {
  return { set: lacks.includes("single-mask-token") ? "multimask" : "single" };
}

/** Measures the time from logits to one mask; it is 0 where masks came. */
function upscaleMs({ output }: PhotoPrediction, { mask }: VariantManifest): number {
  if (output.kind === "masks") return 0;
  return timedSync(() => maskFromLogits(logitsAt(output.lowResLogits, 0).data, output.geometry, mask)).durationMs;
}
