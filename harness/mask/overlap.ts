import type { Box, Rle } from "../api.ts";
import { intersectionArea } from "./iou.ts";
import { rleFromBox } from "./polygon.ts";
import { areaOf } from "./rle.ts";

/** Returns |mask ∩ target| / |mask ∪ target|; undefined where both are empty. */
export function plainIou(mask: Rle, target: Rle): number | undefined {
  const { shared, either } = overlap(mask, target);
  return either === 0 ? undefined : shared / either;
}

const epsilonPx = 1e-7;

/**
 * Returns the IoU with 1e-7 px added to the union: it is never 1, and 0 where both masks are empty.
 * Source: sam_eval_utils.py of mit-han-lab/efficientvit.
 */
export function epsilonIou(mask: Rle, target: Rle): number {
  const { shared, either } = overlap(mask, target);
  return shared / (either + epsilonPx);
}

/** Returns the IoU of a mask with a box as a region of pixels; 0 where both are empty. */
export function overlapWithBox(mask: Rle, box: Box): number {
  return plainIou(mask, rleFromBox(box, mask.size)) ?? 0;
}

function overlap(mask: Rle, target: Rle): { shared: number; either: number } {
  const shared = intersectionArea(mask, target);
  return { shared, either: areaOf(mask) + areaOf(target) - shared };
}
