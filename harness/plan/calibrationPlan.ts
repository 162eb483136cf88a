import { HarnessError } from "../errors.ts";
import { withDetectorBoxes } from "./data/detectorBoxes.ts";
import { type RunPlan, resolvePlan } from "./plan.ts";
import type { RunFlags } from "./runFlags.ts";
import { refuseUnusedFiles } from "./unusedFlags.ts";

/** Says what `bench quantize` calibrates, and on which images. */
export interface CalibrationFlags {
  /** Names a method, or a quantised variant by its whole id. */
  readonly quantized: string;
  /** The variant that the method is applied to; a whole id names its own. */
  readonly from: string;
  readonly dataset: string;
  /** A folder with photos that the user names for the calibration. */
  readonly ownPhotos: string | undefined;
  /** The number of images is the method's own if left out. */
  readonly images: number | undefined;
}

/**
 * Returns a run's plan for one variant, with the calibration's dataset. Throws HarnessError where the plan has several variants.
 */
export async function calibrationPlan(flags: RunFlags, calibration: CalibrationFlags): Promise<RunPlan> {
  const { quantized, from, dataset, ownPhotos, images } = calibration;
  if (images !== undefined && (!Number.isSafeInteger(images) || images < 1))
    throw new HarnessError("--images: no images to calibrate on", { found: images, expected: "at least 1" });
  const protocol = flags.boxes === undefined ? {} : { protocol: "ap-vitdet-argmax" };
  const plan = await resolvePlan({
    ...flags,
    ...sourceOf(flags.data, ownPhotos),
    variants: quantized.includes("/") ? quantized : `${quantized}/${from}`,
    dataset,
    limit: images ?? 1,
    ...protocol,
  });
  refuseUnusedFiles(plan, flags);
  if (plan.chosen.length !== 1)
    throw new HarnessError(`${quantized}: one variant is quantised at a time`, { found: plan.chosen.length });
  const asked = plan.chosen[0]!.variant.preset.calibration?.images;
  return images !== undefined || asked === undefined ? plan : withImages(plan, asked);
}

/**
 * Returns where the photos come from. Photos that the user names for the calibration are taken as they are; others must be of a
 * training split.
 */
function sourceOf(data: string | undefined, own: string | undefined): Pick<RunFlags, "data" | "purpose"> {
  if (own === undefined) return { purpose: "calibration" };
  if (data === undefined) return { data: own };
  throw new HarnessError("--data, --calibration-data: both name the photos to calibrate on", {
    found: `${data}, ${own}`,
    hint: "give one of them",
  });
}

/** Returns the plan with so many images of its dataset. How many a method asks for is known only once the variant is. */
async function withImages(plan: RunPlan, limit: number): Promise<RunPlan> {
  const datasetOptions = { ...plan.datasetOptions, limit };
  const opened = await plan.registry.datasets.get(plan.dataset.id)!.open(datasetOptions);
  const dataset = plan.boxes === undefined ? opened : await withDetectorBoxes(opened, plan.boxes);
  return { ...plan, dataset, datasetOptions };
}
