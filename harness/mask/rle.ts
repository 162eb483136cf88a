import type { Box, Rle, Size } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { limits } from "../limits.ts";

/** Encodes a row-major bitmap as runs down the columns. Any non-zero pixel is inside; no run but the first is empty. */
export function encodeRle(bitmap: Uint8Array | Uint16Array, size: Size): Rle {
  const { height, width } = size;
  if (bitmap.length !== height * width) {
    throw new Error(`bitmap of ${bitmap.length} px for a mask of ${height} x ${width}`);
  }
  const runs: number[] = [];
  let inside = false;
  let start = 0;
  let position = 0;
  for (let x = 0; x < width; x++) {
    for (let i = x; i < bitmap.length; i += width, position++) {
      if ((bitmap[i] !== 0) === inside) continue;
      runs.push(position - start);
      start = position;
      inside = !inside;
    }
  }
  runs.push(position - start);
  return { size, counts: Uint32Array.from(runs) };
}

/**
 * Decodes runs to a row-major bitmap of 0 and 1: of the whole mask, or of `region`, whose corners are whole pixels inside it.
 */
export function decodeRle({ size, counts }: Rle, region: Box = frameOf(size)): Uint8Array {
  const columns = region.x1 - region.x0;
  const bitmap = new Uint8Array(columns * (region.y1 - region.y0));
  for (let i = 1, start = counts[0]!; i < counts.length; i += 2) {
    const end = start + counts[i]!;
    let x = Math.max(Math.floor(start / size.height), region.x0);
    for (; x < region.x1 && x * size.height < end; x++) {
      const top = Math.max(start - x * size.height, region.y0);
      const bottom = Math.min(end - x * size.height, region.y1);
      for (let y = top, at = (top - region.y0) * columns + x - region.x0; y < bottom; y++, at += columns) {
        bitmap[at] = 1;
      }
    }
    start = end + (counts[i + 1] ?? 0);
  }
  return bitmap;
}

/**
 * Makes a mask of run lengths as an annotation file gives them, and checks them. Empty runs are kept, so that the string of the
 * mask stays as read. Throws HarnessError, naming `place`, for a mask of more pixels than are read, for a run that is no whole
 * number from 0 on, and where the runs do not fill the mask.
 */
export function rleFromCounts(counts: ArrayLike<number>, size: Size, place = "mask"): Rle {
  const expected = size.height * size.width;
  if (expected > limits.imagePixels)
    throw new HarnessError(`${place}: has more pixels than are read`, {
      found: `${size.height} high x ${size.width} wide`,
      expected: `at most ${limits.imagePixels} px`,
    });
  let total = 0;
  for (let i = 0; i < counts.length; i++) {
    const run = counts[i]!;
    if (!Number.isInteger(run) || run < 0) {
      throw new HarnessError(`${place}: run ${i} is no length`, { found: run, expected: "a whole number from 0 on" });
    }
    total += run;
  }
  if (total !== expected) {
    throw new HarnessError(`${place}: run lengths do not add up to the mask's size`, {
      found: `${total} px`,
      expected: `${expected} px, ${size.height} high x ${size.width} wide`,
      hint: "is the mask of another image, or are height and width swapped?",
    });
  }
  return { size, counts: new Uint32Array(counts) };
}

/** Counts the pixels inside. */
export function areaOf({ counts }: Rle): number {
  let area = 0;
  for (let i = 1; i < counts.length; i += 2) area += counts[i]!;
  return area;
}

/**
 * Returns the tightest box, x1 and y1 one past the last pixel; undefined for an empty mask. It is toBbox of COCO's mask API,
 * which writes [0, 0, 0, 0] for an empty mask.
 */
export function boxOf({ size, counts }: Rle): Box | undefined {
  const { height } = size;
  let x0 = size.width;
  let x1 = 0;
  let y0 = height;
  let y1 = 0;
  for (let i = 1, start = counts[0]!; i < counts.length; i += 2) {
    const run = counts[i]!;
    if (run > 0) {
      const first = Math.floor(start / height);
      const last = Math.floor((start + run - 1) / height);
      // A run that goes on in the next column holds the bottom pixel of one and the top pixel of the other.
      const whole = last > first;
      x0 = Math.min(x0, first);
      x1 = last + 1;
      y0 = whole ? 0 : Math.min(y0, start - first * height);
      y1 = whole ? height : Math.max(y1, start + run - first * height);
    }
    start += run + (counts[i + 1] ?? 0);
  }
  return x1 > x0 ? { x0, y0, x1, y1 } : undefined;
}

function frameOf({ height, width }: Size): Box {
  return { x0: 0, y0: 0, x1: width, y1: height };
}
