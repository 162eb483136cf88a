import type { Box, Rle } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { areaOf, boxOf } from "./rle.ts";

/** What a mask is asked for again with every mask it is compared to. */
interface Extent {
  readonly areaPx: number;
  readonly box: Box | undefined;
}

/** Kept as long as the mask: matching compares each mask with many, and most pairs lie apart. */
const extents = new WeakMap<Rle, Extent>();

/** |a ∩ b| / |a ∪ b|; 0 where both are empty. Throws HarnessError for masks of two sizes. */
export function iou(a: Rle, b: Rle): number {
  const shared = intersectionArea(a, b);
  // Nothing shared is 0 whatever the union is: two empty masks would be 0 / 0.
  return shared === 0 ? 0 : shared / (extentOf(a).areaPx + extentOf(b).areaPx - shared);
}

/** |detection ∩ crowd| / |detection|: a crowd region is not to be filled by one detection. 0 for an empty detection. */
export function iouWithCrowd(detection: Rle, crowd: Rle): number {
  const shared = intersectionArea(detection, crowd);
  return shared === 0 ? 0 : shared / extentOf(detection).areaPx;
}

/** Pixels in both masks. Throws HarnessError for masks of two sizes. */
export function intersectionArea(a: Rle, b: Rle): number {
  requireOneSize(a, b);
  const boxA = extentOf(a).box;
  const boxB = extentOf(b).box;
  if (boxA === undefined || boxB === undefined || sharedArea(boxA, boxB) === 0) return 0;
  return sharedRuns(a.counts, b.counts);
}

/** Intersection over union of two boxes; 0 where both are empty. */
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

/** Walks the runs inside both masks side by side; the one that ends first is the one to move on from. */
function sharedRuns(a: Uint32Array, b: Uint32Array): number {
  let i = 1;
  let j = 1;
  let shared = 0;
  let startA = a[0]!;
  let startB = b[0]!;
  while (i < a.length && j < b.length) {
    const endA = startA + a[i]!;
    const endB = startB + b[j]!;
    const common = Math.min(endA, endB) - Math.max(startA, startB);
    if (common > 0) shared += common;
    if (endA <= endB) {
      startA = endA + (i + 1 < a.length ? a[i + 1]! : 0);
      i += 2;
    } else {
      startB = endB + (j + 1 < b.length ? b[j + 1]! : 0);
      j += 2;
    }
  }
  return shared;
}

function extentOf(mask: Rle): Extent {
  const known = extents.get(mask);
  if (known !== undefined) return known;
  const extent = { areaPx: areaOf(mask), box: boxOf(mask) };
  extents.set(mask, extent);
  return extent;
}

function sharedArea(a: Box, b: Box): number {
  const width = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0);
  const height = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0);
  return width > 0 && height > 0 ? width * height : 0;
}

function areaOfBox({ x0, y0, x1, y1 }: Box): number {
  return (x1 - x0) * (y1 - y0);
}
