import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type {
  CalibrateContext,
  CalibrationImage,
  CalibrationValues,
  Checkpoint,
  Dataset,
  ImageId,
  RuntimeOptions,
} from "../api.ts";
import { HarnessError, Stopped } from "../errors.ts";
import { homeFolder } from "../home.ts";
import { prepare, toModelFrame } from "../image/index.ts";
import { limits } from "../limits.ts";
import { asAuthors } from "../plan/plugins/authorsError.ts";
import type { RegisteredVariant, Registry } from "../plan/plugins/registry.ts";
import { watched } from "../process/watchdog.ts";
import { canonicalJson, sha256 } from "../store/canonical.ts";
import { forceToDisk } from "../store/disk/wholeFolder.ts";
import type { Manifest } from "../store/schema.ts";
import { parseCalibration, type StoredCalibration } from "../store/storedCalibration.ts";
import { calibrationScenes } from "./calibrationScenes.ts";
import { pixelHash } from "./overlap.ts";

export interface CalibrationRequest {
  readonly variant: RegisteredVariant;
  readonly checkpoint: Checkpoint;
  readonly weightsId: string;
  readonly registry: Registry;
  readonly runtime: RuntimeOptions;
  progress(done: number, total: number, what: string): void;
  /** Is told what the user may wonder about. */
  note(text: string): void;
  /** Is awaited before a calibration that is not stored begins. */
  beforeWork?(): Promise<void>;
  readonly signal: AbortSignal;
  /** The folder that calibrations are stored in; the home folder's `calibrations` if left out. */
  readonly store?: string;
}

/**
 * Returns the calibration of a variant that learns from images: the stored one for these weights, or one made now on drawn
 * scenes, where the preset allows that. A stored one without image hashes that was made on drawn scenes is made again: runs
 * score those scenes. Throws HarnessError where `bench quantize` has to come first, and where the stored calibration is of other
 * weights.
 */
export async function calibrationFor(request: CalibrationRequest): Promise<StoredCalibration | undefined> {
  const { preset } = request.variant;
  if (preset.calibration === undefined) return undefined;
  const file = calibrationFile(request);
  const stored = existsSync(file) ? readCalibration(file, request) : undefined;
  const { automatic } = preset.calibration;
  const { datasets } = request.registry;
  const onScenes = stored !== undefined && datasets.get(stored.dataset.id)?.own === "drawn";
  const scored = automatic && onScenes && stored.imageHashes === undefined;
  if (stored !== undefined && !scored) return stored;
  if (stored !== undefined)
    request.note(`${preset.id}: its calibration was made on scenes that runs score, and is made again on others`);
  if (!automatic)
    throw new HarnessError(`${preset.id}: is not calibrated for these weights`, {
      hint: `bench quantize ${preset.id} calibrates it on images; once is enough`,
    });
  await request.beforeWork?.();
  const { images } = preset.calibration;
  const { seed, options } = stored ?? { seed: 0, options: {} };
  const scenes = await calibrationScenes(request.registry, { seed, images });
  return calibrate(request, { dataset: scenes, seed, options });
}

export interface CalibrationSource {
  /** All images are used, in their order. */
  readonly dataset: Dataset;
  readonly seed: number;
  /** Options of the method are texts, as the user typed them. */
  readonly options: Readonly<Record<string, string>>;
}

/**
 * Calibrates the variant and stores the outcome. Throws HarnessError where there is no image, and Stopped where the user stops
 * the calibration.
 */
export async function calibrate(request: CalibrationRequest, source: CalibrationSource): Promise<StoredCalibration> {
  const { variant, checkpoint, weightsId, runtime, signal } = request;
  const { preset, base, plugin } = variant;
  const { dataset, seed, options } = source;
  if (plugin.calibrate === undefined)
    throw new HarnessError(`${preset.id}: there is nothing to calibrate`, {
      hint: "bench list variants names the methods",
    });
  if (dataset.images.length === 0) throw new HarnessError(`dataset ${dataset.id}: no image to calibrate on`);
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-calibration-"));
  const hashes = new Map<ImageId, string>();
  const context: CalibrateContext = {
    preset,
    base,
    checkpoint,
    runtime,
    folder,
    seed,
    options,
    signal,
    count: dataset.images.length,
    images: () => imagesOf(dataset, preset.input, hashes),
    progress: (done, total, what) => request.progress(done, total, what),
  };
  try {
    const values = await calibrateWatched(variant, context).catch((error: unknown) => {
      // Each method ends in words of its own once the signal is aborted.
      throw signal.aborted ? new Stopped(`${preset.id}: the calibration was stopped`) : error;
    });
    const { id, fingerprint, images } = dataset;
    const stored: StoredCalibration = {
      schema: 1,
      variant: preset.id,
      weights: weightsId,
      seed,
      options,
      values,
      dataset: { id, fingerprint, images: images.map((image) => image.id) },
      imageHashes: [...hashes.values()],
    };
    writeWhole(calibrationFile(request), `${JSON.stringify({ ...stored, sha256: sha256(canonicalJson(stored)) })}\n`);
    return stored;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Calibrates under a watchdog: each image and each step is a sign of life. */
function calibrateWatched(
  { plugin, preset, file }: RegisteredVariant,
  context: CalibrateContext,
): Promise<CalibrationValues> {
  const allowedMs = limits.firstCallMs;
  const text = `${preset.id}: its calibration stands still (found no step in ${allowedMs / 60_000} minutes)`;
  return watched({ text, allowedMs }, (alive) =>
    asAuthors({ file, id: preset.id, doing: "calibrate" }, () =>
      plugin.calibrate!({
        ...context,
        async *images() {
          for await (const image of context.images()) {
            alive();
            yield image;
          }
        },
        progress(...step) {
          alive();
          context.progress(...step);
        },
      }),
    ),
  );
}

/** Returns what a run's manifest says of the calibration. */
export function calibrationRecord(stored: StoredCalibration): NonNullable<Manifest["calibration"]> {
  const { dataset, imageHashes, seed, options } = stored;
  return {
    dataset: dataset.id,
    images: dataset.images.length,
    seed,
    options,
    hash: sha256(canonicalJson(stored)),
    imageHashes,
  };
}

/** Returns the file of a variant's calibration for these weights: a second calibration takes the first one's place. */
export function calibrationFile({ variant, weightsId, store }: CalibrationRequest): string {
  const folder = store ?? join(homeFolder(), "calibrations");
  return join(folder, `${variant.preset.id.replaceAll("/", "-")}-${sha256(weightsId).slice(0, 12)}.json`);
}

/** Returns nothing where the file is not what was written and can be made again. */
function readCalibration(file: string, { variant, weightsId }: CalibrationRequest): StoredCalibration | undefined {
  const stored = wholeCalibration(file);
  if (stored === undefined && variant.preset.calibration?.automatic) return undefined;
  if (stored === undefined)
    throw new HarnessError(`${file}: not the calibration that was stored here`, {
      hint: `calibrate again: bench quantize ${variant.preset.id}`,
    });
  const found = [stored.variant, stored.weights];
  const expected = [variant.preset.id, weightsId];
  if (found.join(" ") === expected.join(" ")) return stored;
  throw new HarnessError(`${file}: a calibration of another variant or other weights`, {
    found: found.join(", "),
    expected: expected.join(", "),
    hint: `delete it, or calibrate again: bench quantize ${variant.preset.id}`,
  });
}

/**
 * Returns nothing where the file has another hash than it says. A file from before hashes has none, nor hashes of its images.
 */
function wholeCalibration(file: string): StoredCalibration | undefined {
  try {
    const { sha256: recorded, ...stored } = parseCalibration(readFileSync(file, "utf8"), file);
    const earlier = recorded === undefined && stored.imageHashes === undefined;
    return earlier || recorded === sha256(canonicalJson(stored)) ? stored : undefined;
  } catch (error) {
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}

/** Yields the images, and writes down the hash of each image that the method is given. */
async function* imagesOf(
  dataset: Dataset,
  input: RegisteredVariant["preset"]["input"],
  hashes: Map<ImageId, string>,
): AsyncGenerator<CalibrationImage> {
  for (const { id } of dataset.images) {
    const image = await dataset.read(id);
    if (!hashes.has(id)) hashes.set(id, pixelHash(image));
    const prepared = prepare(image, input);
    const boxes = dataset.targetsOf(id).filter(({ crowd, box }) => !crowd && box.x1 > box.x0 && box.y1 > box.y0);
    const prompts = boxes.map(({ box }) =>
      toModelFrame({ frame: "image", points: [], box } as const, prepared.geometry),
    );
    yield { id, input: prepared, prompts };
  }
}

function writeWhole(file: string, text: string): void {
  const partial = `${file}.partial-${process.pid}`;
  mkdirSync(join(file, ".."), { recursive: true });
  try {
    writeFileSync(partial, text);
    forceToDisk(partial);
    renameSync(partial, file);
    forceToDisk(dirname(file));
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}
