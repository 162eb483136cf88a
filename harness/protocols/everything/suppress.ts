import type { Box, Rle } from "../../api.ts";
import { areaOfBox } from "../../mask/iou.ts";
import { boxOf } from "../../mask/rle.ts";

export interface Suppression<T> {
  readonly maskOf: (item: T) => Rle;
  /** Returns the rank of an item. Where two items overlap, the one with the higher rank is kept. */
  readonly rank: (item: T) => number;
  /** Greatest IoU of two boxes: above it the item of lower rank is dropped. */
  readonly threshold: number;
}

/**
 * Keeps the best items by greedy non-maximum suppression on their masks' boxes; equal ranks keep their order. A mask without a
 * pixel is dropped.
 * Source: segment_anything/automatic_mask_generator.py, which calls torchvision's box NMS on boxes that end at the last pixel,
 * not behind it.
 */
export function suppress<T>(items: readonly T[], { maskOf, rank, threshold }: Suppression<T>): T[] {
  const boxed = items.flatMap((item) => {
    const box = pixelBox(maskOf(item));
    return box === undefined ? [] : [{ item, box, area: areaOfBox(box), rank: rank(item) }];
  });
  const kept: typeof boxed = [];
  for (const candidate of boxed.sort((a, b) => b.rank - a.rank))
    if (!kept.some((other) => overlapsMore(candidate, other, threshold))) kept.push(candidate);
  return kept.map(({ item }) => item);
}

/**
 * Returns the box from the first pixel to the last, as batched_mask_to_box of segment_anything/utils/amg.py; undefined for an
 * empty mask.
 */
export function pixelBox(mask: Rle): Box | undefined {
  const box = boxOf(mask);
  return box && { ...box, x1: box.x1 - 1, y1: box.y1 - 1 };
}

interface Boxed {
  readonly box: Box;
  readonly area: number;
}

/** Tells whether the IoU of two boxes is above the threshold. Boxes that are far apart are told apart by one comparison. */
function overlapsMore(a: Boxed, b: Boxed, threshold: number): boolean {
  const width = Math.min(a.box.x1, b.box.x1) - Math.max(a.box.x0, b.box.x0);
  if (width <= 0) return false;
  const height = Math.min(a.box.y1, b.box.y1) - Math.max(a.box.y0, b.box.y0);
  if (height <= 0) return false;
  const shared = width * height;
  return shared > threshold * (a.area + b.area - shared);
}
