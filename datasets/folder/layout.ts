import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { FolderNames } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";

const photoFolders = ["images", "photos", "JPEGImages"];
const maskFolders = ["masks", "labels", "SegmentationObject"];

const photoName = /\.(jpe?g|png|webp)$/i;

/** Tells by names alone whether a folder has both a folder of photos and a folder of masks. */
export function hasPhotosAndMasks({ folders }: FolderNames): boolean {
  const masked = maskFolders.some((name) => folders.has(name));
  return masked && photoFolders.some((name) => folders.get(name)?.some(isPhotoName));
}

/** Tells whether photos lie in a folder itself, or in a folder of it that is named for photos. */
export function hasPhotos({ files, folders }: FolderNames): boolean {
  return files.some(isPhotoName) || photoFolders.some((name) => folders.get(name)?.some(isPhotoName));
}

/** Tells whether a file is named like a photo that can be read. */
function isPhotoName(name: string): boolean {
  return photoName.test(name);
}

/** Returns the photos in images/, photos/ or JPEGImages/ of a folder, or in the folder itself where it has none of these. */
export async function photosBelow(data: string): Promise<readonly string[]> {
  const named = photoFolders.map((name) => join(data, name)).find((folder) => existsSync(folder));
  const root = named ?? data;
  const names = await filesBelow(root, photoName).catch((cause: NodeJS.ErrnoException) => {
    throw new HarnessError(`--data ${data}: ${cause.code === "ENOENT" ? "no such folder" : "is no folder of photos"}`, {
      found: cause.code,
      expected: "a folder with JPEG, PNG or WebP files",
      cause,
    });
  });
  const photos = names.filter((name) => !name.split("/").some((part) => part.startsWith(".")));
  if (photos.length > 0) return photos.map((name) => join(root, name));
  throw new HarnessError(`--data ${data}: no photos in it`, { expected: "JPEG, PNG or WebP files" });
}

export interface PhotoFiles {
  /** Names the photo: its path below its folder, with / and no extension. */
  readonly key: string;
  readonly fileName: string;
  readonly photo: string;
  /** Path `masks/KEY.png`, a picture that holds one number an instance, or one mask. */
  readonly labels?: string;
  /** List of `masks/KEY/*.png` and `masks/KEY_*.png`, sorted. Each file holds one mask. */
  readonly masks: readonly string[];
}

/**
 * Finds photos and their masks below `data`, and returns them as pairs, sorted by key:
 * - photos in images/, photos/ or JPEGImages/, in subfolders as well (JPEG, PNG, WebP);
 * - masks in masks/, labels/ or SegmentationObject/: KEY.png with one number an instance, and KEY/*.png or KEY_*.png with one mask each.
 * A mask belongs to the photo of its own name, else to the longest name that it begins with.
 * Throws HarnessError for a missing folder, no photos, and masks of no photo.
 */
export async function pairFiles(data: string): Promise<readonly PhotoFiles[]> {
  const photoRoot = await folderOf(data, photoFolders);
  const maskRoot = await folderOf(data, maskFolders);
  const photos = new Map<string, string>();
  for (const name of await filesBelow(photoRoot, photoName)) {
    const key = withoutExtension(name);
    const other = photos.get(key);
    if (other !== undefined)
      throw new HarnessError(`${photoRoot}: two photos of one name`, { found: `${other}, ${name}` });
    photos.set(key, name);
  }
  if (photos.size === 0)
    throw new HarnessError(`${photoRoot}: no photos in it`, { expected: "JPEG, PNG or WebP files" });
  const owned = await masksByPhoto(maskRoot, photos);
  return [...photos].map(([key, name]) => {
    const masks = owned.get(key) ?? [];
    const labels = masks.find((mask) => withoutExtension(mask) === key);
    return {
      key,
      fileName: name,
      photo: join(photoRoot, name),
      labels: labels === undefined ? undefined : join(maskRoot, labels),
      masks: masks.filter((mask) => mask !== labels).map((mask) => join(maskRoot, mask)),
    };
  });
}

async function masksByPhoto(maskRoot: string, photos: ReadonlyMap<string, string>): Promise<Map<string, string[]>> {
  const owned = new Map<string, string[]>();
  const orphans: string[] = [];
  for (const mask of await filesBelow(maskRoot, /\.png$/i)) {
    const key = ownerOf(withoutExtension(mask), photos);
    if (key === undefined) orphans.push(mask);
    else owned.set(key, [...(owned.get(key) ?? []), mask]);
  }
  if (orphans.length === 0) return owned;
  throw new HarnessError(`${maskRoot}: ${orphans.length} masks of no photo`, {
    found: orphans.slice(0, 3).join(", "),
    expected: "NAME.png, NAME/*.png or NAME_*.png for a photo NAME",
  });
}

/** Returns the photo of that name, or the one with the longest name that ends at a / or _ of it. */
function ownerOf(mask: string, photos: ReadonlyMap<string, string>): string | undefined {
  if (photos.has(mask)) return mask;
  for (let end = mask.length - 1; end > 0; end--) {
    if ((mask[end] === "/" || mask[end] === "_") && photos.has(mask.slice(0, end))) return mask.slice(0, end);
  }
  return undefined;
}

async function folderOf(data: string, names: readonly string[]): Promise<string> {
  const found = names.map((name) => join(data, name)).find((folder) => existsSync(folder));
  if (found !== undefined && (await stat(found)).isDirectory()) return found;
  throw new HarnessError(`--data ${data}: no folder ${names.join(", ")} in it`, {
    hint: "photos go to images/NAME.jpg, masks to masks/NAME.png (one number an instance), or masks/NAME/*.png (one mask each)",
  });
}

async function filesBelow(root: string, pattern: RegExp): Promise<readonly string[]> {
  const names = await readdir(root, { recursive: true });
  return names
    .filter((name) => pattern.test(name))
    .map((name) => name.split(sep).join("/"))
    .sort();
}

function withoutExtension(name: string): string {
  return name.replace(/\.[^./]+$/, "");
}
