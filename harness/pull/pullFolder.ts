import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { PublishedFile } from "../api.ts";
import { onDisk, replaceFile } from "../store/disk/disk.ts";
import { unpackedListFile } from "../store/pulled/pulledFiles.ts";
import { type PullRecord, pullRecordFile, readPullRecord } from "../store/pulled/pullRecord.ts";
import { partSize, removePart } from "./part.ts";

/**
 * `bench pull` stores its files in four folders of the home folder: checkpoints/<id>.pth, datasets/<group>/…,
 * downloads/<id>.part for files on their way, and pulled/<id>.json. That record says what came and stays when the file is
 * removed: its hash is what the next download must have. For an archive, pulled/<id>.sha256 has the hash of each file that was
 * in it.
 */

export type PullState =
  | { readonly state: "here"; readonly record: PullRecord }
  | { readonly state: "partial"; readonly bytes: number }
  | { readonly state: "absent" };

/** Returns the paths of one id's files. Ids come from plug-ins, and are names here, never paths. */
export function pathsOf(home: string, id: string) {
  if (!/^\w[\w.-]*$/.test(id)) throw new Error(`download ${id}: not a name`);
  return {
    part: join(home, "downloads", `${id}.part`),
    lock: join(home, "downloads", `${id}.lock`),
    unpacked: join(home, "downloads", `${id}.unpacked`),
    record: pullRecordFile(home, id),
  };
}

export async function makeFolders(home: string): Promise<void> {
  for (const name of ["downloads", "pulled"]) {
    const folder = join(home, name);
    await onDisk(folder, () => mkdir(folder, { recursive: true }));
  }
}

export async function writeRecord(home: string, record: PullRecord): Promise<void> {
  await replaceFile(pathsOf(home, record.id).record, `${JSON.stringify(record, undefined, 2)}\n`);
}

/**
 * Returns the state of a file on this machine. A file that was deleted, or has another length than it came with, is not here.
 */
export async function stateOf(home: string, { id }: PublishedFile): Promise<PullState> {
  const record = await readPullRecord(home, id);
  if (record !== undefined && record.places.length > 0 && (await allThere(home, record)))
    return { state: "here", record };
  const bytes = await partSize(pathsOf(home, id).part);
  return bytes === undefined || bytes === 0 ? { state: "absent" } : { state: "partial", bytes };
}

async function allThere(home: string, { places }: PullRecord): Promise<boolean> {
  for (const { path, bytes } of places) {
    const found = await stat(join(home, path)).catch(() => undefined);
    if (found === undefined || (found.isFile() && found.size !== bytes)) return false;
  }
  return true;
}

/** Deletes the file, or what was unpacked of it, and its part on the way; returns the bytes that this frees. */
export async function removePulled(home: string, { id }: PublishedFile): Promise<number> {
  const record = await readPullRecord(home, id);
  const { part } = pathsOf(home, id);
  let bytes = (await partSize(part)) ?? 0;
  for (const place of record?.places ?? []) {
    await onDisk(join(home, place.path), () => rm(join(home, place.path), { recursive: true, force: true }));
    bytes += place.bytes;
  }
  await removePart(part);
  if (record !== undefined) {
    const { listSha256: _, ...kept } = record;
    await writeRecord(home, { ...kept, places: [] });
    await rm(unpackedListFile(home, id), { force: true });
  }
  return bytes;
}

/** Returns the bytes of a file, or of all files in a folder. */
export async function bytesOf(path: string): Promise<number> {
  const found = await stat(path);
  if (!found.isDirectory()) return found.size;
  let bytes = 0;
  for (const name of await readdir(path)) bytes += await bytesOf(join(path, name));
  return bytes;
}
