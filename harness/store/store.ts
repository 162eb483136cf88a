import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { withValues } from "../absent.ts";
import type { ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { damageOf, hashOf, latencyFile, plannedImages, rowsFile } from "./damage.ts";
import { onDisk } from "./disk/disk.ts";
import { type LineFile, openLineFile } from "./disk/lines.ts";
import { acquireLock, type LockOptions } from "./disk/lock.ts";
import { withoutFolders } from "./hidden.ts";
import { type LatencyTurn, parseLatencyTurn, readLatency } from "./latency.ts";
import { assertSamePlan, lockFile, readManifest, readStored, writeManifest } from "./manifest.ts";
import { type ImageFacts, imageText, indexRows, type RowIndex, readRows, rowsHash, sortedRows } from "./rows.ts";
import { keepWholeImages } from "./salvage.ts";
import type { Row } from "./schema/rowSchema.ts";
import type { Manifest } from "./schema.ts";

/** A stored run is a run as it lies on disk. Reading it takes no lock and writes nothing, also while another process writes. */
export interface StoredRun {
  readonly id: string;
  readonly folder: string;
  readonly manifest: Manifest;
  /** Yields the rows of finished images in the order they came; one image is in memory at a time. */
  rows(): AsyncGenerator<Row, void, void>;
  /** Yields the rows sorted by image id, then prompts, protocol, target, step and token. */
  sortedRows(): AsyncGenerator<Row, void, void>;
  /** Returns the SHA-256 of the sorted rows: it is the same for the same results, however the run was cut up. */
  rowsHash(): Promise<string>;
  latency(): Promise<readonly LatencyTurn[]>;
}

/** The fields of a manifest that may change while a run goes on. */
type ManifestPatch = Partial<Omit<Manifest, "schema" | "id" | "createdAt" | "plan">>;

export type Sealed = Pick<
  Extract<Manifest["status"], { state: "done" }>,
  "images" | "rows" | "rowsSha256" | "latencySha256"
>;

/** A run that only this process may write. */
export interface Run extends StoredRun {
  /** True if the run was here before. */
  readonly resumed: boolean;
  /** Bytes that a killed write had left of an unfinished image; they were cut off. */
  readonly tornBytes: number;
  finishedImages(): ReadonlySet<ImageId>;
  finishedRows(): number;
  /** Writes all rows of an image and that it is finished, in one write. An image is appended once. */
  append(image: ImageId, rows: readonly Row[], facts?: ImageFacts): Promise<void>;
  appendLatency(turn: LatencyTurn): Promise<void>;
  /** Forgets the samples so far: a latency phase that was cut off is measured again as a whole. */
  clearLatency(): Promise<void>;
  update(patch: ManifestPatch): Promise<void>;
  /** Returns what the status of a finished run says of its files: counts, and hashes by which a change shows. */
  sealed(): Promise<Sealed>;
  /** Forces everything to disk and lets the next process in. */
  close(): Promise<void>;
}

export interface OpenOptions extends LockOptions {
  /** Finished images whose rows are taken out, so that they are done again. */
  readonly again?: ReadonlySet<ImageId>;
  /** Folders of the user's; they are taken out of every text that the run stores. */
  readonly hidden?: readonly string[];
}

/**
 * Creates the run of this id, or takes up the one that is here, whose manifest then stays as it is.
 * Of damaged rows the whole images are kept, and the others are done again; damaged latencies are measured again.
 * Throws HarnessError when another process writes it, when its manifest is damaged or of another version, when the folder can not be
 * written, and when the stored run has another plan.
 */
export async function openRun(results: string, given: Manifest, options: OpenOptions = {}): Promise<Run> {
  const { hidden = [] } = options;
  const manifest = shareable(given, hidden);
  const folder = join(results, safeId(manifest.id));
  await onDisk(folder, () => mkdir(folder, { recursive: true }));
  const lock = await acquireLock(lockFile(folder), options);
  const opened: LineFile[] = [];
  try {
    const index = await soundIndex(folder, manifest, options);
    const stored = await takeUp(folder, manifest, index.places.size);
    const rows = await openLineFile(rowsFile(folder), { end: index.end });
    opened.push(rows);
    const latency = await openLineFile(latencyFile(folder), { end: (await readLatency(latencyFile(folder))).end });
    opened.push(latency);
    return writableRun({ folder, lock, rows, latency, index, stored, manifest, hidden });
  } catch (error) {
    await Promise.allSettled(opened.map((file) => file.close()));
    await lock.release();
    throw error;
  }
}

/** Returns the index of a run's rows, after everything that is not whole was taken out of them. */
async function soundIndex(folder: string, given: Manifest, { notice, again }: OpenOptions): Promise<RowIndex> {
  const stored = await readManifest(folder);
  const planned = plannedImages(stored ?? given);
  const problem = stored === undefined ? undefined : await damageOf(folder, stored);
  const keeps = (image: ImageId) => planned?.has(image) !== false && again?.has(image) !== true;
  if (problem === undefined) {
    if (again !== undefined && again.size > 0) await keepWholeImages(rowsFile(folder), keeps);
    return indexRows(rowsFile(folder), planned);
  }
  await keepWholeImages(rowsFile(folder), keeps);
  if (!(await latencyIsWhole(folder, stored!))) await rm(latencyFile(folder), { force: true });
  const index = await indexRows(rowsFile(folder), planned);
  notice?.(`${problem}: ${index.places.size} whole images are kept, what is missing is done again`);
  return index;
}

/** Returns whether the latencies are whole, as far as can be told: a run that did not end has no hash of them. */
async function latencyIsWhole(folder: string, { status }: Manifest): Promise<boolean> {
  try {
    await readLatency(latencyFile(folder));
    return status.state !== "done" || status.latencySha256 === (await hashOf(latencyFile(folder)));
  } catch (error) {
    if (error instanceof HarnessError) return false;
    throw error;
  }
}

/**
 * Returns the manifest that is here, if it is of the same plan. Where there is none, the given one is written and nothing
 * returned.
 */
async function takeUp(folder: string, given: Manifest, images: number): Promise<Manifest | undefined> {
  const stored = await readManifest(folder);
  if (stored !== undefined) assertSamePlan(folder, stored, given);
  else if (images === 0) await writeManifest(folder, given);
  else {
    throw new HarnessError(`${folder}: rows of ${images} images and no manifest.json that says what they are`, {
      hint: "restore the manifest, or move the folder away",
    });
  }
  return stored;
}

/** Returns the stored run of this id. Throws HarnessError where there is no such run, or it can not be read. */
export async function readRun(results: string, id: string): Promise<StoredRun> {
  const run = await readRunIfThere(results, id);
  if (run !== undefined) return run;
  throw new HarnessError(`${join(results, id)}: no run here`, { hint: "bench list runs shows those that are" });
}

/** Returns the stored run of this id, or nothing where there is none. Throws HarnessError for a manifest that can not be read. */
export async function readRunIfThere(results: string, id: string): Promise<StoredRun | undefined> {
  const folder = join(results, safeId(id));
  const manifest = await readStored(folder);
  return manifest === undefined ? undefined : storedRun(folder, manifest);
}

interface Opened {
  readonly folder: string;
  readonly lock: Awaited<ReturnType<typeof acquireLock>>;
  readonly rows: LineFile;
  readonly latency: LineFile;
  readonly index: Awaited<ReturnType<typeof indexRows>>;
  readonly stored: Manifest | undefined;
  readonly manifest: Manifest;
  readonly hidden: readonly string[];
}

/** Returns the manifest without the user's folders. The plan stays as it is: the id is its hash. */
function shareable(manifest: Manifest, hidden: readonly string[]): Manifest {
  const { plan, ...said } = manifest;
  return { ...withoutFolders(said, hidden), plan };
}

/**
 * Returns the manifest without scores. A run that is opened may get other rows, so whoever ends it computes the scores again.
 */
function withoutScores({ scores: _, scored: __, ...rest }: Manifest): Manifest {
  return rest;
}

function writableRun({ folder, lock, rows, latency, index, stored, manifest, hidden }: Opened): Run {
  let current = withoutScores(stored ?? manifest);
  const finished = new Set(index.places.keys());
  let finishedRows = index.rows;
  let closed = false;
  const inTurn = queue();
  return {
    ...storedRun(folder, current),
    get manifest() {
      return current;
    },
    resumed: stored !== undefined,
    tornBytes: index.tornBytes,
    finishedImages: () => finished,
    finishedRows: () => finishedRows,
    append: (image, added, facts) =>
      inTurn(async () => {
        if (finished.has(image)) throw new Error(`image ${image} is finished already`);
        const text = imageText(
          image,
          added.map((row) => (row.kind === "failure" ? withoutFolders(row, hidden) : row)),
          facts,
        );
        await lock.assertHeld();
        await rows.append(text);
        finished.add(image);
        finishedRows += added.length;
      }),
    appendLatency: (turn) =>
      inTurn(async () => {
        const text = JSON.stringify(turn);
        parseLatencyTurn(text, `turn ${turn.turn} of round ${turn.round}`);
        await lock.assertHeld();
        await latency.append(`${text}\n`);
      }),
    clearLatency: () => inTurn(() => latency.clear()),
    update: (patch) =>
      inTurn(async () => {
        await lock.assertHeld();
        const next = shareable({ ...current, ...withValues(patch) }, hidden);
        await writeManifest(folder, next);
        current = next;
      }),
    sealed: () =>
      inTurn(async () => ({
        images: finished.size,
        rows: finishedRows,
        rowsSha256: await hashOf(rowsFile(folder)),
        latencySha256: await hashOf(latencyFile(folder)),
      })),
    close: () =>
      inTurn(async () => {
        if (closed) return;
        closed = true;
        const results = await Promise.allSettled([rows.close(), latency.close()]);
        await lock.release();
        for (const result of results) if (result.status === "rejected") throw result.reason;
      }),
  };
}

function storedRun(folder: string, manifest: Manifest): StoredRun {
  const sorted = () => sortedRows(rowsFile(folder));
  return {
    id: manifest.id,
    folder,
    manifest,
    rows: () => readRows(rowsFile(folder)),
    sortedRows: sorted,
    rowsHash: () => rowsHash(sorted()),
    latency: async () => (await readLatency(latencyFile(folder))).turns,
  };
}

/** Runs one step after the other; a step that fails does not stop those behind it. */
function queue(): <T>(step: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (step) => {
    const next = last.then(step);
    last = next.catch(() => undefined);
    return next;
  };
}

/** Throws HarnessError for an id that is no folder's name: it could lead out of the results folder. */
function safeId(id: string): string {
  if (/^[a-z0-9][a-z0-9.-]*$/i.test(id)) return id;
  throw new HarnessError(`run ${id}: not the id of a run`, { expected: "letters, digits, dots and dashes" });
}
