import type { Point, Rle, Size } from "../api.ts";
import { boxOf, decodeRle } from "./rle.ts";

/** A pixel of a mask that knows its distance to the nearest pixel outside, px between pixel centres. */
export interface DeepestPixel {
  readonly x: number;
  readonly y: number;
  readonly distancePx: number;
}

/**
 * Returns the squared distance of every pixel of a row-major bitmap to the nearest 0, exactly; outside the image all is 0.
 * Two linear passes after Meijster, Roerdink and Hesselink, "A general algorithm for computing distance transforms in linear
 * time" (2000).
 */
export function squaredDistances(bitmap: Uint8Array, size: Size): Int32Array {
  const { height, width } = size;
  const within = distancesInColumns(bitmap, size);
  const squared = new Int32Array(height * width);
  const row = new RowEnvelope(width);
  for (let y = 0; y < height; y++) row.write(within, squared, y * width);
  return squared;
}

/**
 * Returns the pixel of the mask farthest from its outline, the first in row-major order among equals; undefined for an empty
 * mask. Pixels in `taken` do not count (a click is not repeated), and if no other is left, the result is undefined.
 */
export function centrePoint(mask: Rle, taken: readonly Pick<Point, "x" | "y">[] = []): DeepestPixel | undefined {
  const box = boxOf(mask);
  if (box === undefined) return undefined;
  // Outside its box the mask is 0, so the box's own surroundings serve as the padding.
  const size = { height: box.y1 - box.y0, width: box.x1 - box.x0 };
  const squared = squaredDistances(decodeRle(mask, box), size);
  for (const { x, y } of taken) {
    if (x >= box.x0 && x < box.x1 && y >= box.y0 && y < box.y1) squared[(y - box.y0) * size.width + x - box.x0] = 0;
  }
  let best = 0;
  for (let i = 1; i < squared.length; i++) if (squared[i]! > squared[best]!) best = i;
  const distancePx = Math.sqrt(squared[best]!);
  if (distancePx === 0) return undefined;
  return { x: box.x0 + (best % size.width), y: box.y0 + Math.floor(best / size.width), distancePx };
}

/** Returns the distance to the nearest 0 in the same column. The rows just above and below the image count as 0. */
function distancesInColumns(bitmap: Uint8Array, { height, width }: Size): Int32Array {
  const distances = new Int32Array(height * width);
  for (let i = 0; i < distances.length; i++) {
    if (bitmap[i] !== 0) distances[i] = 1 + (i >= width ? distances[i - width]! : 0);
  }
  for (let i = distances.length - 1; i >= 0; i--) {
    const below = 1 + (i + width < distances.length ? distances[i + width]! : 0);
    if (distances[i]! > below) distances[i] = below;
  }
  return distances;
}

/**
 * Computes one row. The squared distance at x is the least of (x - c)² + d(c)² over all columns c, a lower envelope of
 * parabolas. Columns are counted from 1, so that columns 0 and width + 1 are the padding. It is a class because the scratch of
 * one row serves the next.
 */
class RowEnvelope {
  readonly #width: number;
  /** Squares d(c)²; at both ends stands the padding's 0. */
  readonly #heights: Int32Array;
  /** Columns whose parabola is part of the envelope, and the place where each takes over. */
  readonly #columns: Int32Array;
  readonly #starts: Int32Array;

  constructor(width: number) {
    this.#width = width;
    this.#heights = new Int32Array(width + 2);
    this.#columns = new Int32Array(width + 2);
    this.#starts = new Int32Array(width + 2);
  }

  write(within: Int32Array, squared: Int32Array, at: number): void {
    const width = this.#width;
    const heights = this.#heights;
    const columns = this.#columns;
    const starts = this.#starts;
    for (let c = 1; c <= width; c++) heights[c] = within[at + c - 1]! * within[at + c - 1]!;
    let last = this.#build();
    for (let x = width; x >= 1; x--) {
      while (starts[last]! > x) last--;
      const column = columns[last]!;
      squared[at + x - 1] = (x - column) * (x - column) + heights[column]!;
    }
  }

  /** Builds the envelope and returns the index of its last parabola. */
  #build(): number {
    const heights = this.#heights;
    const columns = this.#columns;
    const starts = this.#starts;
    let last = 0;
    columns[0] = 0;
    starts[0] = 0;
    for (let c = 1; c < heights.length; c++) {
      // The left padding, of height 0, is never beaten at column 0: the list does not run empty.
      while (valueAt(heights, columns[last]!, starts[last]!) > valueAt(heights, c, starts[last]!)) last--;
      const left = columns[last]!;
      const meeting = Math.floor((c * c - left * left + heights[c]! - heights[left]!) / (2 * (c - left)));
      if (meeting + 1 >= heights.length) continue;
      last++;
      columns[last] = c;
      starts[last] = meeting + 1;
    }
    return last;
  }
}

function valueAt(heights: Int32Array, column: number, x: number): number {
  return (x - column) * (x - column) + heights[column]!;
}
