import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { HarnessError } from "../errors.ts";
import { modelFile, type PortableModel, readPortableModel } from "../onnx/index.ts";
import { filesIn, hashesFile, writeWholeFolder } from "../store/disk/wholeFolder.ts";
import { licenceFile } from "./licence.ts";
import { configFile, preprocessorFile, readRecord } from "./transformersJs/record.ts";

const hint = "name another folder, or empty this one";

/**
 * Throws HarnessError for a folder that may not be replaced: one with files that `bench onnx` did not write, or that can not be made.
 * It is called before anything is built.
 */
export function requireReplaceable(folder: string): void {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) {
    makeParent(folder);
    return;
  }
  if (!stats.isDirectory()) throw new HarnessError(`${folder}: is no folder`, { hint });
  const found = filesIn(folder);
  if (found.length === 0) return;
  const own = ownFilesIn(folder);
  const other = found.find((name) => !own.includes(name));
  if (other === undefined) return;
  throw new HarnessError(`${folder}: holds files that bench onnx did not write`, { found: other, hint });
}

/** Returns the files that a folder holds by its own record, of either layout; none where it has no record of this program. */
function ownFilesIn(folder: string): readonly string[] {
  const model = readPortableModel(folder);
  if (model !== undefined) return ownFiles(model);
  const record = readRecord(folder);
  return record === undefined ? [] : [...Object.keys(record.files), configFile, preprocessorFile, licenceFile];
}

/** Returns the names of the files of a folder with `model.json`, those with weights included. */
function ownFiles({ graphs }: PortableModel): readonly string[] {
  const files = Object.values(graphs).flatMap(({ file, weights }) =>
    weights === undefined ? [file] : [file, weights.file],
  );
  return [...files, modelFile, licenceFile];
}

/**
 * Writes the folder beside its place and moves it there whole; one that was there goes as a whole too. Throws HarnessError as
 * requireReplaceable.
 */
export async function replaceFolder(folder: string, write: (fresh: string) => Promise<void>): Promise<void> {
  const place = resolve(folder);
  const fresh = `${place}.${randomUUID()}.new`;
  const old = `${place}.${randomUUID()}.old`;
  try {
    await writeWholeFolder(fresh, write);
    requireReplaceable(place);
    if (existsSync(place)) renameSync(place, old);
    renameSync(fresh, place);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

/** Returns each file of a whole folder with its bytes, in the order of the alphabet. */
export function sizesIn(folder: string): readonly { readonly name: string; readonly bytes: number }[] {
  return [...filesIn(folder), hashesFile].sort().map((name) => ({ name, bytes: statSync(join(folder, name)).size }));
}

function makeParent(folder: string): void {
  try {
    mkdirSync(dirname(resolve(folder)), { recursive: true });
  } catch (cause) {
    throw new HarnessError(`${folder}: can not be made`, { found: (cause as NodeJS.ErrnoException).code, hint, cause });
  }
}
