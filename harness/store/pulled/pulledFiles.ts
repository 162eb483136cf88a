import { readdir, readFile, realpath } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { HarnessError } from "../../errors.ts";
import { sha256 } from "../canonical.ts";
import { errorCode, replaceFile } from "../disk/disk.ts";
import { sha256OfFile } from "../disk/fileCache.ts";
import { type PullRecord, readPullRecord } from "./pullRecord.ts";

/**
 * Pulled files are compared with what was downloaded. The record of a download has the hash of a file that lies as it came. For
 * the files out of an archive there is a list beside the record, `pulled/<id>.sha256`, a line a file as sha256sum writes them,
 * and the record has the list's hash.
 */

export interface UnpackedFile {
  /** Path relative to the home folder. */
  readonly path: string;
  readonly sha256: string;
}

export const unpackedListFile = (home: string, id: string) => join(home, "pulled", `${id}.sha256`);

/** Writes the list of what an archive held, and returns its SHA-256 for the record. */
export async function writeUnpackedList(home: string, id: string, files: readonly UnpackedFile[]): Promise<string> {
  const text = files.map((file) => `${file.sha256}  ${file.path}\n`).join("");
  await replaceFile(unpackedListFile(home, id), text);
  return sha256(text);
}

/** Returns nothing where the record has no list. Throws HarnessError where the list is not the one that was written. */
export async function readUnpackedList(
  home: string,
  { id, listSha256 }: Pick<PullRecord, "id" | "listSha256">,
): Promise<readonly UnpackedFile[] | undefined> {
  if (listSha256 === undefined) return undefined;
  const file = unpackedListFile(home, id);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  });
  if (sha256(text) !== listSha256)
    throw new HarnessError(`${file}: damaged list of what was pulled`, { hint: `bench pull ${id} brings it anew` });
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({ path: line.slice(66), sha256: line.slice(0, 64) }));
}

/**
 * Caches the hashes by path of each list, under the list's own hash. A run asks once a photo: reading the list of val2017's 5,000
 * photos takes 3 ms, and the rest of a question 0.7 ms.
 */
const lists = new Map<string, ReadonlyMap<string, string>>();

async function hashesOf(home: string, record: PullRecord): Promise<ReadonlyMap<string, string> | undefined> {
  const { listSha256 } = record;
  if (listSha256 === undefined) return undefined;
  const known =
    lists.get(listSha256) ?? new Map((await readUnpackedList(home, record))!.map((each) => [each.path, each.sha256]));
  lists.set(listSha256, known);
  return known;
}

export interface PulledFile {
  readonly home: string;
  readonly file: string;
  /** The flag that gives a file of the user's own. */
  readonly flag: "--checkpoint" | "--data" | "--boxes";
}

/**
 * Throws HarnessError where a file was pulled and its bytes are not those that came. Passes a file of the user's own, and a file
 * out of an archive that has no list.
 */
export async function requireAsPulled({ home, file, flag }: PulledFile): Promise<void> {
  const pulled = await pulledAs(home, file);
  if (pulled === undefined) return;
  const found = await sha256OfFile(file);
  if (found === pulled.sha256) return;
  throw new HarnessError(`${file}: is not the file that was pulled`, {
    found: `sha256 ${found}`,
    expected: `sha256 ${pulled.sha256}`,
    hint: `bench pull ${pulled.id} brings it anew; a file of your own is given by ${flag}`,
  });
}

interface Pulled {
  /** The id that the file was pulled under. */
  readonly id: string;
  readonly sha256: string;
}

async function pulledAs(home: string, file: string): Promise<Pulled | undefined> {
  const real = await realPath(file);
  const root = await realPath(home);
  if (real === undefined || root === undefined) return undefined;
  for (const record of await recordsIn(home, isInside(real, root))) {
    const found = await hashIn(home, record, real);
    if (found !== undefined) return { id: record.id, sha256: found };
  }
  return undefined;
}

async function hashIn(home: string, record: PullRecord, real: string): Promise<string | undefined> {
  for (const { path, bytes } of record.places) {
    const place = await realPath(join(home, path));
    if (place === undefined || !isInside(real, place)) continue;
    const list = await hashesOf(home, record);
    if (list !== undefined) return list.get(join(path, relative(place, real)));
    return place === real && record.places.length === 1 && bytes === record.bytes ? record.sha256 : undefined;
  }
  return undefined;
}

/**
 * Returns the records of downloads. A damaged record may name any file of the home folder, so it is refused where such a file is
 * asked for; for other files it is skipped.
 */
async function recordsIn(home: string, everyOne: boolean): Promise<readonly PullRecord[]> {
  const names = await readdir(join(home, "pulled")).catch(() => []);
  const records: PullRecord[] = [];
  for (const name of names.filter((each) => each.endsWith(".json")).sort()) {
    const record = await readPullRecord(home, basename(name, ".json")).catch((error: unknown) => {
      if (everyOne || !(error instanceof HarnessError)) throw error;
    });
    if (record !== undefined) records.push(record);
  }
  return records;
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

/** Returns nothing where no file is there. */
function realPath(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}
