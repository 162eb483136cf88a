import { readdir } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import type { RgbImage } from "../../harness/api.ts";
import type { AnnotatedImage } from "../../harness/coco/read/elements.ts";
import { lastTwoParts } from "../../harness/coco/read/elements.ts";
import type { FileImage } from "../../harness/coco/read/fileImage.ts";
import { HarnessError } from "../../harness/errors.ts";
import { readImage } from "../../harness/image/codec.ts";

const photoName = /\.(jpe?g|png|webp)$/i;

/** Map from a basename to the paths below the root that end in it, with / between their parts. */
type PhotoIndex = ReadonlyMap<string, readonly string[]>;

/**
 * Reads photos from any folder below `root`. One is found by its file name, then by the last two parts of its address, then
 * by the basename of either. The tree is walked once, when the first photo is read.
 */
export function photoReader(root: string): {
  fileOf(image: AnnotatedImage): Promise<string>;
  read(image: AnnotatedImage): Promise<RgbImage>;
} {
  let index: Promise<PhotoIndex> | undefined;
  const fileOf = async (image: AnnotatedImage) => {
    index ??= indexPhotos(root);
    return join(root, findPhoto(await index, image, root));
  };
  return { fileOf, read: async (image) => readImage(await fileOf(image), image.size) };
}

/** Tells whether a photo lies below `root`: of a large set, often only a part does. */
export async function photosPresent(root: string): Promise<(image: FileImage) => boolean> {
  const index = await indexPhotos(root);
  return ({ fileName, url }) =>
    fileName !== undefined && namesOf({ fileName, url }).some((name) => pathsEndingIn(index, name).length > 0);
}

function pathsEndingIn(index: PhotoIndex, name: string): readonly string[] {
  return (index.get(basename(name)) ?? []).filter((path) => `/${path}`.endsWith(`/${name}`));
}

/**
 * Finds a photo. Throws HarnessError, naming the image and the names looked for, if there is no such photo or more than one.
 */
function findPhoto(index: PhotoIndex, image: AnnotatedImage, root: string): string {
  const names = namesOf(image);
  for (const name of names) {
    const paths = pathsEndingIn(index, name);
    const exact = paths.find((path) => path === name);
    if (exact !== undefined) return exact;
    if (paths.length > 1) throw ambiguous(image, paths, root);
    if (paths[0] !== undefined) return paths[0];
  }
  throw new HarnessError(`image ${image.id}: no photo below ${root}`, {
    expected: names.join(" or "),
    hint:
      index.size === 0 ? "this folder holds no JPEG, PNG or WebP file at all" : "is --data the folder of the photos?",
  });
}

/**
 * Returns the names to look for, the full file name first: LVIS v0.5 names COCO_val2014_*, and only the address has the photo's
 * own name.
 */
function namesOf({ fileName, url }: { fileName: string; url?: string | undefined }): readonly string[] {
  const given = fileName.replaceAll("\\", "/").replace(/^(\.?\/)+/, "");
  const names = [given, ...(url === undefined ? [] : [lastTwoParts(url), basename(url)]), basename(given)];
  return [...new Set(names)];
}

function ambiguous({ id }: AnnotatedImage, paths: readonly string[], root: string): HarnessError {
  return new HarnessError(`image ${id}: its photo is in ${paths.length} folders below ${root}`, {
    found: paths.slice(0, 4).join(", "),
    hint: "give --data a folder that holds one of them",
  });
}

async function indexPhotos(root: string): Promise<PhotoIndex> {
  const entries = await readdir(root, { recursive: true }).catch((cause: Error) => {
    throw new HarnessError(`--data ${root}: can not be read`, { found: cause.message, cause });
  });
  const index = new Map<string, string[]>();
  for (const entry of entries.sort()) {
    if (!photoName.test(entry)) continue;
    const path = entry.split(sep).join("/");
    const paths = index.get(basename(path));
    if (paths === undefined) index.set(basename(path), [path]);
    else paths.push(path);
  }
  return index;
}
