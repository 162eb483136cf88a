import type { Box, Rle } from "../api.ts";
import { boxOf } from "../mask/index.ts";

export interface Suppression<T> {
  readonly maskOf: (item: T) => Rle;
  /** The higher of two is kept. */
  readonly rank: (item: T) => number;
  /** Of the boxes' IoU: above it the lower-ranked goes. */
  readonly threshold: number;
}

/**
 * Greedy non-maximum suppression by the masks' boxes, best first; equal ranks keep their order. A mask without a pixel is
 * dropped. Source: segment_anything/automatic_mask_generator.py, which calls torchvision's box NMS on boxes that end at the
 * last pixel, not behind it.
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

/** From the first pixel to the last, as batched_mask_to_box of segment_anything/utils/amg.py; nothing for an empty mask. */
export function pixelBox(mask: Rle): Box | undefined {
  const box = boxOf(mask);
  return box && { ...box, x1: box.x1 - 1, y1: box.y1 - 1 };
}

interface Boxed {
  readonly box: Box;
  readonly area: number;
}

/** Whether the IoU of two boxes is above the threshold; tall boxes far apart are told apart by one comparison. */
function overlapsMore(a: Boxed, b: Boxed, threshold: number): boolean {
  const width = Math.min(a.box.x1, b.box.x1) - Math.max(a.box.x0, b.box.x0);
  if (width <= 0) return false;
  const height = Math.min(a.box.y1, b.box.y1) - Math.max(a.box.y0, b.box.y0);
  if (height <= 0) return false;
  const shared = width * height;
  return shared > threshold * (a.area + b.area - shared);
}

function areaOfBox({ x0, y0, x1, y1 }: Box): number {
  return (x1 - x0) * (y1 - y0);
}
