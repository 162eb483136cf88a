import type { Box, KeptMask } from "../api.ts";
import { boxOf } from "../mask/index.ts";

/**
 * Greedy non-maximum suppression by the masks' tightest boxes, best first by `rank`; equal ranks keep their order. A mask
 * without a pixel is dropped. Source: segment_anything/automatic_mask_generator.py, which calls torchvision's box NMS.
 */
export function suppress(masks: readonly KeptMask[], threshold: number, rank: (mask: KeptMask) => number): KeptMask[] {
  const boxed = masks.flatMap((mask) => {
    const box = boxOf(mask.mask);
    return box === undefined ? [] : [{ mask, box, area: areaOfBox(box), rank: rank(mask) }];
  });
  const kept: typeof boxed = [];
  for (const candidate of boxed.sort((a, b) => b.rank - a.rank))
    if (!kept.some((other) => overlapsMore(candidate, other, threshold))) kept.push(candidate);
  return kept.map(({ mask }) => mask);
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
