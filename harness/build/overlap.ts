import { createHash } from "node:crypto";
import type { Dataset, ImageId, RgbImage } from "../api.ts";
import { HarnessError } from "../errors.ts";
import type { Warning } from "../measure/drift.ts";
import type { RunPlan } from "../plan/plan.ts";
import type { Manifest, StoredCalibration } from "../store/schema.ts";

/** sha256 of an image's RGB pixels: the same picture has the same one, whatever its file, format or data set. */
export function pixelHash({ pixels }: RgbImage): string {
  return createHash("sha256").update(pixels).digest("hex");
}

/** What a run's manifest says of the images that its method learned from. */
export type OverlapRecord = Pick<Manifest, "overlap" | "warnings"> & { readonly note: string };

/**
 * Compares the images of a calibration with those of the run: what learned from an image must not be scored on it.
 * Throws HarnessError where they meet, unless the plan allows that; then the count and a warning go into the manifest.
 */
export async function overlapRecord(
  variant: string,
  calibration: StoredCalibration,
  { dataset, phases, overlap }: Pick<RunPlan, "dataset" | "phases" | "overlap">,
): Promise<OverlapRecord> {
  const { imageHashes } = calibration;
  const images = calibration.dataset.images.length;
  const learned = `calibrated on ${images} images of ${calibration.dataset.id}`;
  if (imageHashes === undefined) return { note: learned, warnings: [unknownImages(variant)] };
  const count = await commonImages(dataset, imageHashes);
  if (count === 0) return { note: `${learned}, none of which this run scores`, warnings: [] };
  if (overlap === "refused" && phases.includes("accuracy"))
    throw new HarnessError(`${variant}: is calibrated on images that this run scores`, {
      found: `${count} of ${images}`,
      expected: "none",
      hint: `bench quantize ${variant} calibrates it on others; --allow-overlap scores it all the same, with a warning`,
    });
  return { overlap: count, note: learned, warnings: [overlapWarning(variant, count, images)] };
}

function overlapWarning(variant: string, count: number, images: number): Warning {
  const text = `${variant} is calibrated on ${count} of the images that it is scored on (of ${images} in all), so its accuracy is too favourable. Calibrate it on others: bench quantize ${variant}.`;
  return { about: `${variant} calibration`, text };
}

function unknownImages(variant: string): Warning {
  const text = `${variant} was calibrated before the images of a calibration were recorded: some may be among those that it is scored on. Calibrate it again: bench quantize ${variant}.`;
  return { about: `${variant} calibration`, text };
}

/** By data set, since several variants of a plan ask about the same images. */
const known = new WeakMap<Dataset, Promise<readonly string[]>>();

/** How many of the data set's images have one of these hashes. */
async function commonImages(dataset: Dataset, imageHashes: readonly string[]): Promise<number> {
  const hashes = known.get(dataset) ?? pixelHashes(dataset);
  known.set(dataset, hashes);
  const wanted = new Set(imageHashes);
  return (await hashes).filter((hash) => wanted.has(hash)).length;
}

/** Images that can not be read are left out: they have no row either. */
async function pixelHashes(dataset: Dataset): Promise<readonly string[]> {
  const hashes: string[] = [];
  for (const { id } of dataset.images) {
    const hash = await hashOf(dataset, id);
    if (hash !== undefined) hashes.push(hash);
  }
  return hashes;
}

async function hashOf(dataset: Dataset, id: ImageId): Promise<string | undefined> {
  try {
    return pixelHash(await dataset.read(id));
  } catch (error) {
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}
