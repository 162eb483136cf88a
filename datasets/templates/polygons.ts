import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Annotation, Category, Dataset, DatasetOptions, DatasetPlugin, ImageRecord } from "../../harness/api.ts";
import { HarnessError, unknown } from "../../harness/errors.ts";
import { checked, parseJson } from "../../harness/foreign.ts";
import { readImage } from "../../harness/image/codec.ts";
import { areaOf, boxOf, rleFromPolygons } from "../../harness/mask/index.ts";
import { checkLimit, selectImages } from "../selection.ts";

// Template of a data set: photos NAME.jpg, and their objects as polygons in NAME.json. CONTRIBUTING.md goes through it:
// mkdir datasets/my-data && cp datasets/templates/polygons.ts datasets/my-data/dataset.ts

const id = "my-data";
const categories: readonly Category[] = [{ id: 1, name: "object" }];

/** NAME.json: the photo's size, and for each object the corners of its outline, [x, y, x, y, …] in pixels. */
const record = z.object({
  width: z.int().positive(),
  height: z.int().positive(),
  objects: z.array(z.object({ polygon: z.array(z.number()).min(6) })),
});

interface Photo extends ImageRecord {
  readonly file: string;
  readonly annotations: readonly Annotation[];
  /** Objects of the file that can not be prompted. */
  readonly leftOut: number;
}

/** Reads the annotations of the chosen photos, and each photo when it is asked for. */
async function open(options: DatasetOptions): Promise<Dataset> {
  const { data } = options;
  checkLimit(options.limit);
  if (data === undefined)
    throw new HarnessError(`dataset ${id}: needs --data`, { hint: "a folder of NAME.jpg, NAME.json" });
  const photos = new Map<number, Photo>();
  for (const listed of selectImages(await photosIn(data), options)) photos.set(listed.id, await photoOf(data, listed));
  const photoWith = (image: number): Photo => {
    const photo = photos.get(image);
    if (photo === undefined) throw unknown("image", String(image), [...photos.keys()].slice(0, 20).map(String));
    return photo;
  };
  return {
    id,
    images: [...photos.values()].map(({ id, fileName, size }) => ({ id, fileName, size })),
    categories,
    fingerprint: fingerprint([...photos.values()]),
    warnings: warnings(data, [...photos.values()]),
    read: (image) => readImage(photoWith(image).file, photoWith(image).size),
    photoFile: async (image) => photoWith(image).file,
    // What is prompted, and what is scored against.
    targetsOf: (image) => photoWith(image).annotations,
    annotationsOf: (image) => photoWith(image).annotations,
  };
}

/** Numbers the photos of the whole folder, so that `--limit` and `--image` renumber none. */
async function photosIn(data: string): Promise<readonly Pick<Photo, "id" | "fileName">[]> {
  const names = await readdir(data).catch((cause: Error) => {
    throw new HarnessError(`--data ${data}: can not be read`, { found: cause.message, cause });
  });
  const photos = names.filter((name) => /\.jpe?g$/i.test(name)).sort();
  if (photos.length === 0)
    throw new HarnessError(`--data ${data}: no photo in it`, { expected: "NAME.jpg, NAME.json" });
  return photos.map((fileName, index) => ({ id: index + 1, fileName }));
}

async function photoOf(data: string, { id, fileName }: Pick<Photo, "id" | "fileName">): Promise<Photo> {
  const place = join(data, fileName.replace(/\.jpe?g$/i, ".json"));
  const text = await readFile(place, "utf8").catch((cause: Error) => {
    throw new HarnessError(`${place}: can not be read`, { found: cause.message, hint: "one for each photo", cause });
  });
  const { width, height, objects } = checked(record, parseJson(text, place), place);
  const size = { width, height };
  const annotations = objects.flatMap(({ polygon }, index) => {
    const mask = rleFromPolygons([polygon], size, `${place}: object ${index + 1}`);
    const box = boxOf(mask);
    // An outline too thin for a pixel has no box and can not be prompted.
    if (box === undefined) return [];
    return [{ id: id * 65536 + index, image: id, category: 1, mask, box, areaPx: areaOf(mask), crowd: false }];
  });
  const leftOut = objects.length - annotations.length;
  return { id, fileName, size, file: join(data, fileName), annotations, leftOut };
}

/** Says what of the data is not scored: it stands beside every result. */
function warnings(data: string, photos: readonly Photo[]): readonly string[] {
  const leftOut = photos.reduce((sum, photo) => sum + photo.leftOut, 0);
  return leftOut === 0 ? [] : [`${data}: ${leftOut} objects that are no polygon of a pixel or more were left out.`];
}

/** Changes with every photo's name, size and mask: a run on other data has another id. */
function fingerprint(photos: readonly Photo[]): string {
  const hash = createHash("sha256").update(id);
  for (const { fileName, size, annotations } of photos)
    hash.update(JSON.stringify([fileName, size, annotations.map(({ id, mask }) => [id, [...mask.counts]])]));
  return hash.digest("hex");
}

export default {
  id,
  title: "My data",
  about: "--data with photos NAME.jpg and their objects as polygons in NAME.json",
  open,
} satisfies DatasetPlugin;
