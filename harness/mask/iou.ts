import type { Box, Rle } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { areaOf } from "./rle.ts";
import { sharedRuns } from "./sharedRuns.ts";

/** Returns |a ∩ b| / |a ∪ b|, and 0 where both are empty. Throws HarnessError for masks of two sizes. */
export function iou(a: Rle, b: Rle): number {
  const shared = intersectionArea(a, b);
  // Nothing shared is 0 whatever the union is: two empty masks would be 0 / 0.
  return shared === 0 ? 0 : shared / (areaOf(a) + areaOf(b) - shared);
}

/**
 * Returns |detection ∩ crowd| / |detection|, because a crowd region is not to be filled by one detection; 0 for an empty
 * detection.
 */
export function iouWithCrowd(detection: Rle, crowd: Rle): number {
  const shared = intersectionArea(detection, crowd);
  return shared === 0 ? 0 : shared / areaOf(detection);
}

/** Counts the pixels in both masks. Throws HarnessError for masks of two sizes. */
export function intersectionArea(a: Rle, b: Rle): number {
  requireOneSize(a, b);
  return sharedRuns(a.counts, 0, a.counts.length, b.counts, 0, b.counts.length);
}

/** Returns the intersection over union of two boxes; 0 where both are empty. */
export function boxIou(a: Box, b: Box): number {
  const shared = sharedArea(a, b);
  return shared === 0 ? 0 : shared / (areaOfBox(a) + areaOfBox(b) - shared);
}

/** Throws HarnessError unless both masks have one height and one width. */
export function requireOneSize(a: Rle, b: Rle): void {
  if (a.size.height === b.size.height && a.size.width === b.size.width) return;
  throw new HarnessError("masks of two sizes can not be compared", {
    found: `${b.size.height} high x ${b.size.width} wide`,
    expected: `${a.size.height} high x ${a.size.width} wide`,
    hint: "are both of the same image?",
  });
}

function sharedArea(a: Box, b: Box): number {
  const width = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0);
  const height = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0);
  return width > 0 && height > 0 ? width * height : 0;
}

export function areaOfBox({ x0, y0, x1, y1 }: Box): number {
  return (x1 - x0) * (y1 - y0);
}
