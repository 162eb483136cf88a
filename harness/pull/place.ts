import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { PublishedFile } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { onDisk } from "../store/disk/disk.ts";
import type { UnpackedFile } from "../store/pulled/pulledFiles.ts";
import type { PullRecord } from "../store/pulled/pullRecord.ts";
import { bytesOf, pathsOf } from "./pullFolder.ts";
import { unpackZip } from "./unpack.ts";

/** A published file and the place where it is stored. */
export interface PullItem {
  readonly file: PublishedFile;
  /** Name of a dataset's folder; absent for a checkpoint. */
  readonly group?: string;
}

export interface PlaceOptions {
  readonly home: string;
  /** Is told how many entries have been unpacked. */
  progress(done: number, total: number): void;
}

type Places = PullRecord["places"];

/** Names the places that a download filled and, for an archive, every file that was in it. */
export interface Placed {
  readonly places: Places;
  readonly unpacked?: readonly UnpackedFile[];
}

const weightsFile = /\.(pth|pt|safetensors|onnx)$/i;

/**
 * Moves a downloaded file to its place: checkpoints/<id>.pth, whatever its authors call it, or datasets/<group>/. An archive is
 * unpacked beside and moved there whole. Throws HarnessError where it holds something else.
 */
export async function place({ file, group }: PullItem, part: string, options: PlaceOptions): Promise<Placed> {
  if (file.archive !== undefined) return placeUnpacked({ file, group }, part, options);
  return { places: [await moveInto(options.home, part, pathOf({ file, group }))] };
}

/** Returns the path of a file that is no archive, relative to the home folder. */
export function pathOf({ file, group }: PullItem): string {
  const name = nameOf(file);
  const ending = weightsFile.exec(name)?.[0] ?? ".pt";
  return group === undefined ? join("checkpoints", file.id + ending) : join("datasets", group, name);
}

/** Returns the name under which its authors, and a mirror, have the file. */
export function nameOf({ name, url }: PublishedFile): string {
  return name ?? basename(new URL(url).pathname);
}

async function placeUnpacked({ file, group }: PullItem, part: string, options: PlaceOptions): Promise<Placed> {
  const { unpacked } = pathsOf(options.home, file.id);
  await rm(unpacked, { recursive: true, force: true });
  try {
    const targetOf = group === undefined ? weightsName : usefulName;
    const hashes = await unpackZip(part, unpacked, { targetOf, progress: options.progress });
    const names = (await readdir(unpacked)).sort();
    if (group === undefined ? names.length !== 1 : names.length === 0)
      throw new HarnessError(`${file.url}: not the archive that it must be`, {
        found: names.length === 0 ? "nothing of use in it" : names.join(", "),
        expected: group === undefined ? "one file of weights" : "files",
      });
    const pathOfName = (name: string) =>
      group === undefined
        ? join("checkpoints", file.id + (weightsFile.exec(name)?.[0] ?? ""))
        : join("datasets", group, name);
    const places: Places[number][] = [];
    for (const name of names) places.push(await moveInto(options.home, join(unpacked, name), pathOfName(name)));
    return { places, unpacked: [...hashes].map(([target, sha256]) => ({ path: pathOfName(join(target)), sha256 })) };
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

function weightsName(entry: string): string | undefined {
  return weightsFile.test(entry) && usefulName(entry) !== undefined ? basename(entry) : undefined;
}

/** Leaves out Finder's own files, one a photo, which are of no use to anyone. */
function usefulName(entry: string): string | undefined {
  return entry.startsWith("__MACOSX/") ? undefined : entry;
}

/** Replaces what an earlier pull left in this place as a whole. */
async function moveInto(home: string, from: string, path: string): Promise<Places[number]> {
  const to = join(home, path);
  await onDisk(to, async () => {
    await mkdir(dirname(to), { recursive: true });
    await rm(to, { recursive: true, force: true });
    await rename(from, to);
  });
  return { path, bytes: await bytesOf(to) };
}
