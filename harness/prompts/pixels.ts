import type { Point, Rle, Target } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { areaOf } from "../mask/index.ts";

export type Pixel = Pick<Point, "x" | "y">;

/** Returns the mask that points are drawn from. Throws HarnessError for a detector's box, which has none. */
export function maskOf({ id, mask }: Target): Rle {
  if (mask !== undefined) return mask;
  throw new HarnessError(`target ${id}: no mask to draw prompts from`, {
    hint: "a detector's boxes go with protocols of boxes; leave --boxes out for points",
  });
}

/**
 * Tells whether a point can be drawn from the target. It can not from a detector's box, nor from a mask thinner than a pixel.
 */
export function hasPixels({ mask }: Target): boolean {
  return mask !== undefined && areaOf(mask) > 0;
}

/**
 * Returns the pixels at these places of the mask. Places count down the columns: 0 is the first pixel, areaOf(mask) - 1 the
 * last.
 */
export function pixelsAt(mask: Rle, places: readonly number[]): Pixel[] {
  const { counts, size } = mask;
  const found = new Map<number, Pixel>();
  const ascending = [...new Set(places)].sort((a, b) => a - b);
  let before = 0;
  let next = 0;
  for (let i = 1, start = counts[0]!; i < counts.length; i += 2) {
    const run = counts[i]!;
    for (; next < ascending.length && ascending[next]! < before + run; next++) {
      const position = start + ascending[next]! - before;
      found.set(ascending[next]!, { x: Math.floor(position / size.height), y: position % size.height });
    }
    before += run;
    start += run + (counts[i + 1] ?? 0);
  }
  return places.map((place) => {
    const pixel = found.get(place);
    if (pixel === undefined) throw new Error(`pixel ${place} of a mask of ${before} px`);
    return pixel;
  });
}

export function isInside({ counts, size }: Rle, { x, y }: Pixel): boolean {
  const position = x * size.height + y;
  let i = 0;
  let end = counts[0]!;
  while (end <= position) end += counts[++i]!;
  return i % 2 === 1;
}
