import type { Dataset, PredictionRow, Rle } from "../../../api.ts";
import { difference, outlinesOf, parseCounts, union } from "../../../mask/index.ts";
import type { DifferingTarget } from "../../../results/compare/agreement/agreement.ts";
import type { Comparison } from "../../../results/compare/compare.ts";
import type { Side } from "../../../results/compare/side.ts";
import type { Outlines } from "../../html/gallery.ts";
import { photoOf } from "../../html/galleryPhotos.ts";

/** A target on which two runs differ, with everything that is drawn of it, in pixels of the image. */
export interface DifferingPicture {
  readonly target: DifferingTarget;
  readonly size: Rle["size"];
  /** Data URI of the photo; absent where photos are left out or not at hand. */
  readonly photo?: string | undefined;
  readonly prompt: PredictionRow["prompt"];
  readonly masks: { readonly a: Outlines; readonly b: Outlines };
  /** Borders of the pixels that are in one mask alone. */
  readonly differs: Outlines;
  /** IoU of each mask with the ground truth; absent where it has none. */
  readonly ious: { readonly a?: number | undefined; readonly b?: number | undefined };
}

export interface PictureRequest {
  /** The photos lie in its folder, and are read there. */
  readonly dataset?: Dataset | undefined;
  readonly photos: "embedded" | "left out";
}

/** Draws the targets that differ most, from the rows that the comparison is about. */
export async function differingPictures(
  { agreement }: Comparison,
  a: Side,
  b: Side,
  { dataset, photos }: PictureRequest,
): Promise<readonly DifferingPicture[]> {
  const known = new Map<number, string>();
  const pictures: DifferingPicture[] = [];
  for (const target of agreement?.worst ?? []) {
    const photo = await photoOf(target.image, { dataset, photos }, known);
    pictures.push({ ...drawn(target, rowOf(a, target), rowOf(b, target)), photo });
  }
  return pictures;
}

function drawn(target: DifferingTarget, a: PredictionRow, b: PredictionRow): DifferingPicture {
  const maskA = maskOf(a);
  const maskB = maskOf(b);
  return {
    target,
    size: a.mask.size,
    prompt: a.prompt,
    masks: { a: outlinesOf(maskA), b: outlinesOf(maskB) },
    differs: outlinesOf(union([difference(maskA, maskB), difference(maskB, maskA)])),
    ious: { a: a.iou, b: b.iou },
  };
}

/** Returns the row that was compared: the first of its prompt. */
function rowOf({ byPrompts }: Side, { image, target, prompts, step }: DifferingTarget): PredictionRow {
  const found = byPrompts
    .get(prompts)
    ?.find((row) => row.image === image && row.target === target && row.step === step);
  if (found === undefined) throw new Error(`image ${image}, target ${target}: no row by ${prompts}`);
  return found;
}

function maskOf({ mask, image, target }: PredictionRow): Rle {
  return parseCounts(mask.counts, mask.size, `row of image ${image}, target ${target}`);
}
