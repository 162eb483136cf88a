import type { Dataset, ImageId } from "../api.ts";
import { processMemory } from "../measure/memory.ts";
import { timedBoxes } from "../prompts/timedBoxes.ts";
import { type StageTimes, type TimedVariant, timedStages } from "./stages/timedStages.ts";

export interface LatencyInput extends TimedVariant {
  readonly dataset: Dataset;
}

/** One sample of each stage, in ms. */
export interface LatencySample extends StageTimes {
  /** Time to transfer pixels and masks where another process computes; it is in no stage. */
  readonly transferMs?: number | undefined;
  /** Peak memory of the process since it began; the data set and all else that the harness reads are in it. */
  readonly peakBytes: number;
}

/** Takes an image through all four stages and times each. Reading the photo belongs to no stage. */
export async function measureTurn({ dataset, ...timed }: LatencyInput, image: ImageId): Promise<LatencySample> {
  const photo = await dataset.read(image);
  const times = await timedStages(timed, { photo, boxes: timedBoxes(dataset, image, photo.size) });
  return { ...times, peakBytes: processMemory().peakBytes() };
}
