import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { HarnessError } from "../errors.ts";
import { refuseIrregular } from "../files.ts";
import { canonicalJson, planId } from "./canonical.ts";
import { diskError, errorCode, replaceFile } from "./disk/disk.ts";
import { hasWriter } from "./disk/writer.ts";
import { type Manifest, parseManifest } from "./schema.ts";

/** Returns the file that says what a run is. */
export const manifestFile = (folder: string) => join(folder, "manifest.json");

/** Returns the file that whoever writes a run holds. */
export const lockFile = (folder: string) => join(folder, "lock");

/** Writes the manifest after a check, so that no run is stored that could not be read again. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
  parseManifest(text, "manifest");
  await replaceFile(manifestFile(folder), text);
}

/** Returns nothing where the folder holds no run. Throws HarnessError for a damaged manifest or one of a newer version. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const file = manifestFile(folder);
  refuseIrregular(file);
  try {
    const manifest = parseManifest(await readFile(file, "utf8"), file);
    assertOwnId(manifest, file);
    return manifest;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw diskError(error, file);
  }
}

/**
 * Returns the manifest as whoever does not write the run is to see it: what is called running while no process writes it was
 * stopped, by a kill or a loss of power. Returns nothing where the folder holds no run. Throws HarnessError as readManifest does.
 */
export async function readStored(folder: string): Promise<Manifest | undefined> {
  const first = await readManifest(folder);
  if (first?.status.state !== "running" || (await hasWriter(lockFile(folder)))) return first;
  // It may have ended between the two looks.
  const now = await readManifest(folder);
  if (now?.status.state !== "running") return now;
  return { ...now, status: { state: "stopped", message: "no process writes it any more" } };
}

/** Throws HarnessError where the id is not the hash of the plan: such an id does not say which plan the rows belong to. */
function assertOwnId({ id, variant, plan }: Manifest, file: string): void {
  const expected = idOf(variant.id, plan.resolved, file);
  if (id !== expected)
    throw new HarnessError(`${file}: the id is not the hash of the plan`, {
      found: id,
      expected,
      hint: "the manifest was changed by hand: restore it, or run again",
    });
}

/**
 * Returns the plan's id. JSON reads 1e999 as infinity and nests as deep as it likes: no plan written here does, so such a plan
 * is refused.
 */
function idOf(variant: string, plan: unknown, file: string): string {
  try {
    return planId(variant, plan);
  } catch (cause) {
    throw new HarnessError(`${file}: the plan is none that a run has`, {
      found: (cause as Error).message,
      cause,
      hint: "the manifest was changed by hand: restore it, or run again",
    });
  }
}

/** Throws HarnessError when a stored run and the one asked for share an id and not a plan, or not a version. */
export function assertSamePlan(folder: string, stored: Manifest, given: Manifest): void {
  if (stored.absent !== undefined) {
    throw new HarnessError(`${folder}: a run of an older sam-bench, which can be read and not added to`, {
      hint: "give another folder with --results",
    });
  }
  if (canonicalJson(stored.plan.resolved) === canonicalJson(given.plan.resolved)) return;
  throw new HarnessError(`${folder}: holds another plan under this id`, {
    hint: "the manifest was changed by hand, or two plans share an id; give another folder with --results",
  });
}

export type RunListing =
  | { readonly state: "readable"; readonly id: string; readonly manifest: Manifest }
  | { readonly state: "unreadable"; readonly id: string; readonly problem: string };

/** Returns every run of a results folder, sorted by id. A run that can not be read is listed with the reason. */
export async function listRuns(results: string): Promise<readonly RunListing[]> {
  const listings = [];
  for (const name of await foldersIn(results)) listings.push(await readListing(results, name));
  return listings.filter((each) => each !== undefined);
}

/** Returns the ids by which runs of a results folder can be named, sorted; no manifest is read. */
export async function listIds(results: string): Promise<readonly string[]> {
  return (await foldersIn(results)).filter((name) => existsSync(manifestFile(join(results, name))));
}

/** Returns the names of the folders in which runs may lie, sorted; nothing where the results folder is not there. */
export async function foldersIn(results: string): Promise<readonly string[]> {
  const entries = await readdir(results, { withFileTypes: true }).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw diskError(error, results);
  });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return folders.sort((a, b) => (a < b ? -1 : 1));
}

/** Returns one run of a results folder, or nothing where its folder holds none. */
export async function readListing(results: string, id: string): Promise<RunListing | undefined> {
  try {
    const manifest = await readStored(join(results, id));
    if (manifest === undefined) return undefined;
    if (manifest.id === id) return { state: "readable", id, manifest };
    return { state: "unreadable", id, problem: `${join(results, id)}: holds the run ${manifest.id}` };
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return { state: "unreadable", id, problem: error.message };
  }
}
