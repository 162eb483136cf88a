import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { Dataset, DatasetOptions, DatasetPlugin, ImageRecord } from "../../harness/api.ts";
import { HarnessError, unknown } from "../../harness/errors.ts";
import { readImage, readImageSize } from "../../harness/image/codec.ts";
import { hasPhotos, photosBelow } from "../folder/layout.ts";
import { selectImages } from "../selection.ts";

interface Photo extends ImageRecord {
  readonly file: string;
  readonly bytes: number;
}

/**
 * Opens the photos of a folder. There is nothing to prompt and nothing to score: latency is measured with the whole photo as the
 * box. The fingerprint covers names and sizes, as no figure follows from the pixels.
 */
async function open(options: DatasetOptions): Promise<Dataset> {
  if (options.data === undefined)
    throw new HarnessError("dataset unlabelled: needs --data", { hint: "a folder with JPEG, PNG or WebP photos" });
  if (options.purpose !== undefined)
    throw new HarnessError("dataset unlabelled: has no masks to learn from", {
      found: `for a ${options.purpose}`,
      hint: "name annotated photos, or shapes, whose scenes are drawn",
    });
  const files = (await photosBelow(options.data)).map((file, i) => ({ id: i + 1, file }));
  const photos: Photo[] = [];
  for (const { id, file } of selectImages(files, options)) {
    const { size: bytes } = await stat(file);
    photos.push({ id, fileName: basename(file), size: await readImageSize(file), file, bytes });
  }
  const photoOf = (id: number) => {
    const photo = photos.find((each) => each.id === id);
    if (photo === undefined)
      throw unknown(
        "image",
        String(id),
        photos.slice(0, 20).map((each) => String(each.id)),
      );
    return photo;
  };
  return {
    id: "unlabelled",
    images: photos.map(({ id, fileName, size }) => ({ id, fileName, size })),
    categories: [],
    fingerprint: fingerprint(photos),
    knownImages: new Set(files.map(({ id }) => id)),
    warnings: ["the photos have no masks: latency and memory are measured, and accuracy is unknown"],
    targetsOf: () => [],
    annotationsOf: () => [],
    read: async (id) => readImage(photoOf(id).file, photoOf(id).size),
    photoFile: async (id) => photoOf(id).file,
  };
}

function fingerprint(photos: readonly Photo[]): string {
  const facts = photos.map(({ id, fileName, size, bytes }) => ({ id, fileName, size, bytes }));
  return createHash("sha256")
    .update(`unlabelled ${JSON.stringify(facts)}`)
    .digest("hex");
}

export default {
  id: "unlabelled",
  title: "Photos without masks",
  about: "--data with JPEG, PNG or WebP photos and nothing else; latency and memory alone, accuracy stays unknown",
  unlabelled: true,
  recognises: hasPhotos,
  open,
} satisfies DatasetPlugin;
