import type { Rle } from "../api.ts";
import { requireOneSize } from "./iou.ts";

// Bit 2a + b says whether a pixel stays that is inside the first mask (a = 1) and inside the second (b = 1).
const either = 0b1110;
const both = 0b1000;
const firstAlone = 0b0100;

/** Returns the pixels that are in any of the masks. Throws HarnessError for masks of two sizes. */
export function union(masks: readonly Rle[]): Rle {
  return fold(masks, either);
}

/** Returns the pixels that are in all of the masks. Throws HarnessError for masks of two sizes. */
export function intersection(masks: readonly Rle[]): Rle {
  return fold(masks, both);
}

/**
 * Returns the pixels in `mask` that are not in `other`: what a prediction misses, or adds. Throws HarnessError for masks of two
 * sizes.
 */
export function difference(mask: Rle, other: Rle): Rle {
  return combine(mask, other, firstAlone);
}

function fold(masks: readonly Rle[], kept: number): Rle {
  const [first, ...rest] = masks;
  if (first === undefined) throw new Error("no mask to combine: the size of the result is unknown");
  return rest.reduce((result, mask) => combine(result, mask, kept), first);
}

/** Walks both run lists side by side, one stretch of unchanging pixels at a time. */
function combine(a: Rle, b: Rle, kept: number): Rle {
  requireOneSize(a, b);
  const total = a.size.height * a.size.width;
  const runs = new Uint32Array(a.counts.length + b.counts.length);
  let i = 0;
  let j = 0;
  let written = 0;
  let runStart = 0;
  let position = 0;
  let endA = a.counts[0]!;
  let endB = b.counts[0]!;
  let inside = 0;
  while (position < total) {
    // Empty runs end where they start: all that end here are passed at once.
    while (endA <= position) endA += nextRun(a, ++i);
    while (endB <= position) endB += nextRun(b, ++j);
    const now = (kept >> (2 * (i & 1) + (j & 1))) & 1;
    if (now !== inside) {
      runs[written++] = position - runStart;
      runStart = position;
      inside = now;
    }
    position = Math.min(endA, endB);
  }
  runs[written++] = total - runStart;
  return { size: a.size, counts: runs.slice(0, written) };
}

function nextRun({ counts }: Rle, index: number): number {
  const run = counts[index];
  if (run === undefined) throw new Error("a mask's runs end before the mask does: make it with rleFromCounts");
  return run;
}
