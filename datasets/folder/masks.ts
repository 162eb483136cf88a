import type { Rle, Size } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { readLabelPng } from "../../harness/image/codec.ts";
import { labelMasks } from "../../harness/mask/labels.ts";
import { areaOf, encodeRle } from "../../harness/mask/rle.ts";
import type { PhotoFiles } from "./layout.ts";

/** One instance of a photo. `label` is its number in the PNG, or its place among the photo's mask files from 1 on. */
export interface Instance {
  readonly label: number;
  readonly mask: Rle;
}

export interface Masks {
  readonly instances: readonly Instance[];
  /** Size of the masks; absent where there are none. */
  readonly size?: Size;
  /** Pixels of label 255 that belong to nothing. */
  readonly voidPx: number;
}

/** Label that VOC and DAVIS write where annotators could not tell. A picture of 0 and 255 alone is one mask. */
const voidLabel = 255;

/** Reads a photo's masks. Throws HarnessError if a file is no grey or indexed PNG, or if two differ in size. */
export async function readMasks({ labels, masks }: PhotoFiles): Promise<Masks> {
  const indexed = labels === undefined ? undefined : await readIndexed(labels);
  let size = indexed?.size;
  const instances: Instance[] = [...(indexed?.instances ?? [])];
  const first = instances.reduce((highest, { label }) => Math.max(highest, label), 0) + 1;
  for (const [index, file] of masks.entries()) {
    const png = await readLabelPng(file);
    size ??= png.size;
    if (png.size.height !== size.height || png.size.width !== size.width) {
      throw new HarnessError(`${file}: a mask of another size than its photo's other masks`, {
        found: `${png.size.width} x ${png.size.height}`,
        expected: `${size.width} x ${size.height}`,
      });
    }
    const mask = encodeRle(png.labels, size);
    if (areaOf(mask) > 0) instances.push({ label: first + index, mask });
  }
  return { instances, voidPx: indexed?.voidPx ?? 0, size };
}

async function readIndexed(file: string): Promise<Masks> {
  const { size, labels } = await readLabelPng(file);
  const masks = labelMasks(labels, size);
  masks.delete(0);
  const unsure = labels instanceof Uint8Array && masks.size > 1 ? masks.get(voidLabel) : undefined;
  if (unsure !== undefined) masks.delete(voidLabel);
  const instances = [...masks].sort(([a], [b]) => a - b).map(([label, mask]) => ({ label, mask }));
  return { size, instances, voidPx: unsure === undefined ? 0 : areaOf(unsure) };
}
