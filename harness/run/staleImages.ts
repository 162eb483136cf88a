import { stat } from "node:fs/promises";
import type { Dataset, ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { knownTargets } from "../results/knownTargets.ts";
import { rowsFile } from "../store/damage.ts";
import { errorCode } from "../store/disk/disk.ts";
import { cachedResult, sha256OfFile } from "../store/disk/fileCache.ts";
import { readImages } from "../store/rows.ts";
import type { ImageEnd, Row } from "../store/schema/rowSchema.ts";

export type Photo = NonNullable<ImageEnd["photo"]>;

/** Hashes an image's file. Returns nothing where the image is drawn, or where its file is not there. */
export async function photoOf(dataset: Dataset, image: ImageId): Promise<Photo | undefined> {
  const file = await photoFileOf(dataset, image);
  return file === undefined ? undefined : measured(file, () => sha256OfFile(file));
}

/**
 * Returns the images of a stored run that are to be run again: their rows were made of another photo, their worker died, or a
 * row is of a target that the data set does not have. A photo with the same size, times and inode as before is not read.
 */
export async function staleImages(folder: string, dataset: Dataset): Promise<ReadonlySet<ImageId>> {
  const stale = new Set<ImageId>();
  const recorded = new Map<ImageId, Photo | undefined>();
  const failed = new Set<ImageId>();
  const isKnown = knownTargets(dataset);
  for await (const { image, rows, place } of readImages(rowsFile(folder))) {
    recorded.set(image, place.photo);
    if (rows.some(({ kind }) => kind === "failure")) failed.add(image);
    if (rows.some((row) => diedWorking(row) || (row.kind === "prediction" && !isKnown(row)))) stale.add(image);
  }
  const found = await photosOf(dataset, [...recorded.keys()]);
  for (const [image, photo] of recorded) {
    const now = found.get(image);
    // A missing photo makes no row wrong; a photo that came back may mend a failure.
    if (now !== undefined && now !== photo?.sha256 && (photo !== undefined || failed.has(image))) stale.add(image);
  }
  return stale;
}

function diedWorking(row: Row): boolean {
  return row.kind === "failure" && row.cause === "worker";
}

/** Returns the SHA-256 of each image that has a file. All hashes are one entry of the cache. */
async function photosOf(dataset: Dataset, images: readonly ImageId[]): Promise<ReadonlyMap<ImageId, string>> {
  const files: [image: ImageId, file: string][] = [];
  for (const image of images) {
    const file = await photoFileOf(dataset, image);
    if (file !== undefined) files.push([image, file]);
  }
  if (files.length === 0) return new Map();
  const text = await cachedResult(
    "photos",
    files.map(([, file]) => file),
    async () => {
      const hashes: string[] = [];
      for (const [, file] of files) hashes.push((await measured(file, () => sha256OfFile(file)))?.sha256 ?? "missing");
      return hashes.join(" ");
    },
  );
  const hashes = text.split(" ");
  return new Map(files.flatMap(([image], i) => (hashes[i] === "missing" ? [] : [[image, hashes[i]!]])));
}

/** Returns an image's file; nothing where the image is drawn or its photo is not found, which the worker reports. */
export async function photoFileOf(dataset: Dataset, image: ImageId): Promise<string | undefined> {
  try {
    return await dataset.photoFile?.(image);
  } catch (error) {
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}

async function measured(file: string, hash: () => Promise<string>): Promise<Photo | undefined> {
  try {
    return { sha256: await hash(), bytes: (await stat(file)).size };
  } catch (error) {
    if (error instanceof HarnessError || ["ENOENT", "EACCES"].includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}
