import { stat } from "node:fs/promises";
import type { Dataset, ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { knownTargets } from "../results/knownTargets.ts";
import { rowsFile } from "../store/damage.ts";
import { errorCode } from "../store/disk/disk.ts";
import { cachedResult, sha256OfFile } from "../store/disk/fileCache.ts";
import { readImages } from "../store/rows.ts";
import type { ImageEnd, Row } from "../store/schema.ts";

export type Photo = NonNullable<ImageEnd["photo"]>;

/** What an image's file holds now; nothing where the image is drawn, or where its file is not there. */
export async function photoOf(dataset: Dataset, image: ImageId): Promise<Photo | undefined> {
  const file = await photoFileOf(dataset, image);
  return file === undefined ? undefined : measured(file, () => sha256OfFile(file));
}

/**
 * The images of a stored run that are to be run again: their photo is another one than their rows were made of, their
 * worker died, or a row is of a target that the data set does not have. Photos whose size, times and inode are as they were are not read.
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
    // A photo that is gone makes no row wrong; one that came back may mend a failure.
    if (now !== undefined && now !== photo?.sha256 && (photo !== undefined || failed.has(image))) stale.add(image);
  }
  return stale;
}

function diedWorking(row: Row): boolean {
  return row.kind === "failure" && row.cause === "worker";
}

/** SHA-256 by image, of all that have a file; one memory for all of them. */
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

/** Nothing where the image is drawn; a photo that can not be found is the worker's to report. */
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
