import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeInstances } from "../../harness/coco/write.ts";
import { encodeJpeg } from "../../harness/image/codec.ts";
import shapes from "./dataset.ts";

export interface WriteShapesOptions {
  readonly seed: number;
  readonly count: number;
  /** 1 … 100. */
  readonly quality?: number;
}

const defaults = { quality: 95 };

/**
 * Writes scenes as `out`/images/*.jpg with `out`/coco.json and `out`/lvis.json, to be read with `--dataset coco|lvis --data out`.
 * JPEG pixels differ a little from those that the dataset shapes serves; masks are the same.
 */
export async function writeShapes(out: string, { seed, count, quality }: WriteShapesOptions): Promise<void> {
  const dataset = await shapes.open({ seed, limit: count });
  const photos = join(out, "images");
  await mkdir(photos, { recursive: true });
  for (const { id, fileName } of dataset.images) {
    const bytes = await encodeJpeg(await dataset.read(id), quality ?? defaults.quality);
    await writeFile(join(photos, fileName), bytes);
  }
  const instances = { ...dataset, description: `${count} drawn scenes of seed ${seed} (sam-bench shapes)` };
  await writeInstances(join(out, "coco.json"), instances, "coco");
  await writeInstances(join(out, "lvis.json"), instances, "lvis");
}
