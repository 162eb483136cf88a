import { join } from "node:path";
import type { ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { canonicalJson, sha256 } from "./canonical.ts";
import { errorCode } from "./disk/disk.ts";
import { cachedResult, sha256OfFile } from "./disk/fileCache.ts";
import { readLatency } from "./latency.ts";
import { indexRows } from "./rows.ts";
import { isEarlier, type Manifest } from "./schema.ts";

/** This file checks whether the files of a run still are what was recorded. */

export const rowsFile = (folder: string) => join(folder, "rows.jsonl");
export const latencyFile = (folder: string) => join(folder, "latency.jsonl");

const sound = "sound";

/**
 * Returns a sentence that says what is wrong with the rows and the latencies of a stored run, or nothing where they agree with
 * the manifest. Every row is read once, and read again only where a file changed.
 */
export async function damageOf(folder: string, manifest: Manifest): Promise<string | undefined> {
  const files = [join(folder, "manifest.json"), rowsFile(folder), latencyFile(folder)];
  try {
    await cachedResult("run", files, async () => {
      await assertSound(folder, manifest);
      return sound;
    });
    return undefined;
  } catch (error) {
    if (error instanceof HarnessError) return error.message;
    throw error;
  }
}

/** Returns the images that a plan names; nothing for a plan that names none. */
export function plannedImages({ plan }: Manifest): ReadonlySet<ImageId> | undefined {
  const { images } = (plan.resolved.dataset ?? {}) as { readonly images?: readonly ImageId[] };
  return images === undefined ? undefined : new Set(images);
}

/** Throws HarnessError naming what differs. */
async function assertSound(folder: string, manifest: Manifest): Promise<void> {
  const file = rowsFile(folder);
  const { places, rows, tornBytes } = await indexRows(file, plannedImages(manifest));
  await readLatency(latencyFile(folder));
  const { status } = manifest;
  if (status.state !== "done") return;
  const counts = `${places.size} images and ${rows} rows`;
  const expected = `${status.images} images and ${status.rows} rows`;
  if (counts !== expected) throw damaged(file, "does not hold what the run ended with", { found: counts, expected });
  if (tornBytes > 0)
    throw damaged(file, "goes on behind its last image", { found: `${tornBytes} bytes`, expected: "none" });
  // Before, runs had no hash.
  if (isEarlier(manifest)) return;
  await assertUnchanged(file, status.rowsSha256);
  await assertUnchanged(latencyFile(folder), status.latencySha256);
  assertOwnScores(join(folder, "manifest.json"), manifest, status.rowsSha256);
}

/**
 * Throws HarnessError where the stored scores were computed of other rows. Without the annotations, scores can not be computed
 * again.
 */
function assertOwnScores(file: string, { scores, scored }: Manifest, rowsSha256: string | undefined): void {
  // Without a hash they are not believed: whoever shows the run scores its rows again.
  if (scores === undefined || scored === undefined || rowsSha256 === undefined) return;
  const found = scoresHash({ scores, sources: scored.sources, metrics: scored.metrics, rowsSha256 });
  if (found !== scored.sha256)
    throw damaged(file, "the stored scores are not those that were computed of these rows", {
      found: `sha256 ${found}`,
      expected: `sha256 ${scored.sha256}`,
    });
}

interface ComputedScores {
  readonly scores: NonNullable<Manifest["scores"]>;
  /** Digest of the harness that computed them. */
  readonly sources: string;
  /** Holds the code and the figures of each metric, by its id. */
  readonly metrics?: NonNullable<Manifest["scored"]>["metrics"];
  /** Hash of the rows that the scores were computed of. */
  readonly rowsSha256: string;
}

/** Returns the SHA-256 that binds stored scores to the rows that they were computed of, and to the code. */
export function scoresHash({ scores, sources, metrics, rowsSha256 }: ComputedScores): string {
  return sha256(canonicalJson({ scores, sources, metrics, rowsSha256 }));
}

async function assertUnchanged(file: string, sha256: string | undefined): Promise<void> {
  if (sha256 === undefined) throw new HarnessError(`${file}: the manifest of its finished run has no hash of it`);
  if (sha256 !== (await hashOf(file)))
    throw damaged(file, "was changed since the run ended", { expected: `sha256 ${sha256}` });
}

function damaged(file: string, problem: string, details: { readonly found?: string; readonly expected: string }) {
  return new HarnessError(`${file}: ${problem}`, details);
}

/** Returns the SHA-256 of a file as it is; a missing file has that of no bytes. */
export async function hashOf(file: string): Promise<string> {
  try {
    return await sha256OfFile(file);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return emptyHash;
    throw error;
  }
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
