import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Annotation, Dataset, ImageId } from "../api.ts";
import { type Instances, writeInstances } from "../coco/write/write.ts";
import { HarnessError } from "../errors.ts";
import { encodeJpeg } from "../image/index.ts";
import { onDisk } from "../store/disk/disk.ts";

const defaults = { quality: 95 };

interface Writing {
  readonly out: string;
  /** The seed of the scenes, which the description names. */
  readonly seed: number;
  progress(done: number): void;
}

/**
 * Writes `out`/images/*.jpg with `out`/coco.json and `out`/lvis.json; returns the number of annotations. The annotation files
 * come last, so that a folder that was not finished does not look finished. JPEG pixels differ a little from those that the
 * dataset serves; masks are the same. Annotations are held in memory meanwhile, as drawing a scene again takes longer than
 * writing it.
 */
export async function writeDataset(dataset: Dataset, { out, seed, progress }: Writing): Promise<number> {
  if (existsSync(join(out, "coco.json")))
    throw new HarnessError(`${out}: holds a dataset already`, { hint: "give another folder, or delete this one" });
  const photos = join(out, "images");
  await onDisk(photos, () => mkdir(photos, { recursive: true }));
  const annotations = new Map<ImageId, readonly Annotation[]>();
  for (const [done, { id, fileName }] of dataset.images.entries()) {
    const bytes = await encodeJpeg(await dataset.read(id), defaults.quality);
    const file = join(photos, fileName);
    await onDisk(file, () => writeFile(file, bytes));
    annotations.set(id, dataset.annotationsOf(id));
    progress(done + 1);
  }
  const instances: Instances = {
    description: `${dataset.images.length} images of ${dataset.id}, seed ${seed} (sam-bench)`,
    images: dataset.images,
    categories: dataset.categories,
    annotationsOf: (image) => annotations.get(image) ?? [],
  };
  for (const format of ["lvis", "coco"] as const) {
    const file = join(out, `${format}.json`);
    await onDisk(file, () => writeInstances(file, instances, format));
  }
  return [...annotations.values()].reduce((sum, { length }) => sum + length, 0);
}
