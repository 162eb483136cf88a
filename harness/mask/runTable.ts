import type { Box, Rle, Size } from "../api.ts";

const chunkLength = 1 << 20;

type Column = Float64Array | Int32Array | Uint32Array | Uint8Array;

/** The column itself while it has room for `length` values, else a copy twice as long. */
export function grown<T extends Column>(column: T, length: number): T {
  if (length <= column.length) return column;
  const larger = new (column.constructor as new (length: number) => T)(Math.max(length, 2 * column.length, 1024));
  larger.set(column);
  return larger;
}

/**
 * The runs of many masks in a few large arrays, with area and box of each: as objects, a results file's millions would burden
 * the garbage collector for as long as they are kept.
 */
export class RunTable {
  #count = 0;
  readonly #chunks: Uint32Array[] = [];
  /** Behind the last run in the last chunk. */
  #end = chunkLength;
  /** Chunk, first run and number of runs of each mask. */
  #places = new Int32Array(0);
  /** x0, y0, x1, y1 of each mask, 0 for an empty one. */
  #boxes = new Int32Array(0);
  #areas = new Float64Array(0);

  get count(): number {
    return this.#count;
  }

  /** Copies the first `length` runs, which fill a mask of this height, and returns the mask's index. */
  add(counts: ArrayLike<number>, length: number, height: number): number {
    const index = this.#count++;
    this.#places = grown(this.#places, 3 * this.#count);
    this.#boxes = grown(this.#boxes, 4 * this.#count);
    this.#areas = grown(this.#areas, this.#count);
    if (this.#end + length > chunkLength) {
      this.#chunks.push(new Uint32Array(Math.max(chunkLength, length)));
      this.#end = 0;
    }
    const chunk = this.#chunks.at(-1)!;
    for (let i = 0; i < length; i++) chunk[this.#end + i] = counts[i]!;
    this.#places[3 * index] = this.#chunks.length - 1;
    this.#places[3 * index + 1] = this.#end;
    this.#places[3 * index + 2] = length;
    this.#measure(index, chunk, height);
    this.#end += length;
    return index;
  }

  areaOf(index: number): number {
    return this.#areas[index]!;
  }

  /** The tightest box, nothing for an empty mask, as `boxOf`. */
  boxOf(index: number): Box | undefined {
    const [x0, y0, x1, y1] = this.#boxes.subarray(4 * index, 4 * index + 4) as unknown as [number, number, number, number];
    return x1 > x0 ? { x0, y0, x1, y1 } : undefined;
  }

  rle(index: number, size: Size): Rle {
    const [chunk, first, length] = this.#places.subarray(3 * index, 3 * index + 3) as unknown as [number, number, number];
    return { size, counts: this.#chunks[chunk]!.slice(first, first + length) };
  }

  /** Pixels that a mask of this table and one of the other share; both are of one size. */
  sharedArea(index: number, other: RunTable, otherIndex: number): number {
    const [a, b, p, q] = [this.#boxes, other.#boxes, 4 * index, 4 * otherIndex];
    if (a[p]! >= b[q + 2]! || b[q]! >= a[p + 2]! || a[p + 1]! >= b[q + 3]! || b[q + 1]! >= a[p + 3]!) return 0;
    const [placesA, placesB] = [this.#places, other.#places];
    const [startA, startB] = [placesA[3 * index + 1]!, placesB[3 * otherIndex + 1]!];
    const [endA, endB] = [startA + placesA[3 * index + 2]!, startB + placesB[3 * otherIndex + 2]!];
    const [runsA, runsB] = [this.#chunks[placesA[3 * index]!]!, other.#chunks[placesB[3 * otherIndex]!]!];
    return sharedRuns(runsA, startA, endA, runsB, startB, endB);
  }

  /** Area, and box: the column of a run is followed downstream, which takes no division. */
  #measure(index: number, chunk: Uint32Array, height: number): void {
    const first = this.#end;
    const end = first + this.#places[3 * index + 2]!;
    let [area, position, column, top] = [0, 0, 0, 0];
    let [x0, x1, y0, y1] = [-1, 0, height, 0];
    for (let i = first; i + 1 < end; i += 2) {
      position += chunk[i]!;
      const run = chunk[i + 1]!;
      if (run === 0) continue;
      while (position - top >= height) {
        top += height;
        column++;
      }
      if (x0 < 0) x0 = column;
      if (position - top < y0) y0 = position - top;
      area += run;
      position += run;
      if (position - top > height) {
        // A run that goes on in the next column holds the bottom pixel of one and the top pixel of the other.
        [y0, y1] = [0, height];
        while (position - top > height) {
          top += height;
          column++;
        }
      } else if (position - top > y1) y1 = position - top;
      x1 = column + 1;
    }
    this.#areas[index] = area;
    const at = 4 * index;
    if (x0 < 0) return;
    this.#boxes[at] = x0;
    this.#boxes[at + 1] = y0;
    this.#boxes[at + 2] = x1;
    this.#boxes[at + 3] = y1;
  }
}

/** Walks the runs inside both masks side by side; the one that ends first is the one to move on from. */
function sharedRuns(a: Uint32Array, fromA: number, toA: number, b: Uint32Array, fromB: number, toB: number): number {
  let [i, j, shared] = [fromA + 1, fromB + 1, 0];
  if (i >= toA || j >= toB) return 0;
  let [startA, startB] = [a[fromA]!, b[fromB]!];
  let [endA, endB] = [startA + a[i]!, startB + b[j]!];
  for (;;) {
    if (endA <= endB) {
      const from = startA > startB ? startA : startB;
      if (endA > from) shared += endA - from;
      i += 2;
      if (i >= toA) return shared;
      startA = endA + a[i - 1]!;
      endA = startA + a[i]!;
    } else {
      const from = startA > startB ? startA : startB;
      if (endB > from) shared += endB - from;
      j += 2;
      if (j >= toB) return shared;
      startB = endB + b[j - 1]!;
      endB = startB + b[j]!;
    }
  }
}
