import type { Dataset, RgbImage } from "../api.ts";
import { HarnessError, Stopped } from "../errors.ts";
import type { Warning } from "../measure/drift.ts";
import type { RunPlan } from "../plan/plan.ts";
import { sha256 } from "../store/canonical.ts";
import { cachedResult } from "../store/disk/fileCache.ts";
import type { Manifest } from "../store/schema.ts";
import type { StoredCalibration } from "../store/storedCalibration.ts";

/** Returns the sha256 of an image's RGB pixels: the same picture has the same one, whatever its file, format or data set. */
export function pixelHash({ pixels }: RgbImage): string {
  return sha256(pixels);
}

/** Holds what a run's manifest says of the images that its method learned from. */
export type OverlapRecord = Pick<Manifest, "overlap" | "warnings"> & { readonly note: string };

export interface OverlapCheck {
  readonly variant: string;
  readonly calibration: StoredCalibration;
  readonly plan: Pick<RunPlan, "dataset" | "phases" | "overlap">;
  /** Is told how many images have been decoded, of how many. */
  progress(done: number, total: number): void;
  readonly signal: AbortSignal;
}

/**
 * Compares the images of a calibration with those of the run: a method that learned from an image must not be scored on it.
 * Throws HarnessError where some images are the same, unless the plan allows that; then the count and a warning go into the
 * manifest.
 */
export async function overlapRecord(check: OverlapCheck): Promise<OverlapRecord> {
  const { variant, calibration, plan } = check;
  const { dataset, phases, overlap } = plan;
  const { imageHashes } = calibration;
  const images = calibration.dataset.images.length;
  const learned = `calibrated on ${images} images of ${calibration.dataset.id}`;
  if (imageHashes === undefined) return { note: learned, warnings: [unknownImages(variant)] };
  const count = await commonImages(dataset, imageHashes, check);
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

/** Caches the hashes of a data set's images: several variants of a plan ask about them, and drawing 30 scenes takes 10 s. */
const hashCache = new WeakMap<Dataset, readonly string[]>();

type Watcher = Pick<OverlapCheck, "variant" | "progress" | "signal">;

/** Returns the number of the data set's images that have one of these hashes. */
async function commonImages(dataset: Dataset, imageHashes: readonly string[], watcher: Watcher): Promise<number> {
  const hashes = hashCache.get(dataset) ?? (await cachedHashes(dataset, watcher));
  hashCache.set(dataset, hashes);
  const wanted = new Set(imageHashes);
  return hashes.filter((hash) => wanted.has(hash)).length;
}

/**
 * Returns the hashes of the images. Photos are decoded once, as long as their files stay as they are; drawn images are drawn
 * each time.
 */
async function cachedHashes(dataset: Dataset, watcher: Watcher): Promise<readonly string[]> {
  const files = await photoFiles(dataset);
  if (files === undefined) return pixelHashes(dataset, watcher);
  const text = await cachedResult("pixels", files, async () => (await pixelHashes(dataset, watcher)).join(" "));
  return text.split(" ");
}

/**
 * Returns the files of all photos; nothing where an image has no file, because it is drawn, or because its photo is missing and
 * may come.
 */
async function photoFiles(dataset: Dataset): Promise<readonly string[] | undefined> {
  const files: string[] = [];
  for (const { id } of dataset.images) {
    const file = await unlessUnreadable(async () => dataset.photoFile?.(id));
    if (file === undefined) return undefined;
    files.push(file);
  }
  return files;
}

/** Returns the hashes of the images. Images that can not be read are left out: they have no row either. */
async function pixelHashes(dataset: Dataset, { variant, progress, signal }: Watcher): Promise<readonly string[]> {
  const hashes: string[] = [];
  for (const [done, { id }] of dataset.images.entries()) {
    if (signal.aborted) throw new Stopped(`${variant}: stopped before it was known which images it is calibrated on`);
    const hash = await unlessUnreadable(async () => pixelHash(await dataset.read(id)));
    if (hash !== undefined) hashes.push(hash);
    progress(done + 1, dataset.images.length);
  }
  return hashes;
}

async function unlessUnreadable<T>(step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}
