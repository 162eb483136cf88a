import type { Box, Rle, Size } from "../api.ts";
import { grown } from "./columns.ts";

/** In place of the area of a mask that nobody has asked for yet. */
const unmeasured = -1;

/** Runs of the first chunk and of the largest: chunks grow, because a few large ones cost the garbage collector less. */
const chunkLengths = { first: 1 << 14, largest: 1 << 22 };

/**
 * The runs of many masks in a few large arrays, with area and box of each: filled and cleared over and over, it makes no garbage.
 */
export class RunTable {
  #count = 0;
  readonly #chunks: Uint32Array[] = [];
  /** Of the chunk that is being filled: its place in `chunks`, and behind its last run. */
  #chunk = -1;
  #end = 0;
  /** Chunk, first run, the end of the runs, and the height of each mask. */
  #places: Int32Array = new Int32Array(0);
  /** x0, y0, x1, y1 of each mask, 0 for an empty one; not there while its area is `unmeasured`. */
  #boxes: Int32Array = new Int32Array(0);
  #areas: Float64Array = new Float64Array(0);

  /** Forgets all masks and keeps the memory. */
  clear(): void {
    this.#count = 0;
    this.#chunk = Math.min(this.#chunk, 0);
    this.#end = 0;
  }

  /** Copies the runs of a mask of this height and returns its index. */
  add(counts: Uint32Array, height: number): number {
    const { runs, first } = this.room(counts.length, 0);
    runs.set(counts, first);
    return this.commit(counts.length, height);
  }

  /**
   * Where the runs of the next mask are to be written: from `first` on there is room for `length`; of the `kept` that are
   * already written, a copy is moved along.
   */
  room(length: number, kept: number): { readonly runs: Uint32Array; readonly first: number } {
    const current = this.#chunks[this.#chunk];
    if (current !== undefined && this.#end + length <= current.length) return { runs: current, first: this.#end };
    const next = this.#chunks[this.#chunk + 1];
    const usual = Math.min(2 * (current?.length ?? chunkLengths.first / 2), chunkLengths.largest);
    const runs = next !== undefined && next.length >= length ? next : new Uint32Array(Math.max(usual, length));
    if (kept > 0) runs.set(current!.subarray(this.#end, this.#end + kept));
    this.#chunks[++this.#chunk] = runs;
    this.#end = 0;
    return { runs, first: 0 };
  }

  /** Makes the runs that were written into the room a mask of this height, and returns its index. */
  commit(length: number, height: number): number {
    const index = this.#count++;
    this.#places = grown(this.#places, 4 * this.#count);
    this.#boxes = grown(this.#boxes, 4 * this.#count);
    this.#areas = grown(this.#areas, this.#count);
    const at = 4 * index;
    this.#places[at] = this.#chunk;
    this.#places[at + 1] = this.#end;
    this.#end += length;
    this.#places[at + 2] = this.#end;
    this.#places[at + 3] = height;
    this.#areas[index] = unmeasured;
    return index;
  }

  rle(index: number, size: Size): Rle {
    const places = this.#places;
    const runs = this.#chunks[places[4 * index]!]!;
    return { size, counts: runs.slice(places[4 * index + 1]!, places[4 * index + 2]!) };
  }

  areaOf(index: number): number {
    if (this.#areas[index] === unmeasured) this.#measure(index);
    return this.#areas[index]!;
  }

  /** The tightest box as `boxOf` has it, nothing for an empty mask. */
  boxOf(index: number): Box | undefined {
    if (this.#areas[index] === unmeasured) this.#measure(index);
    const boxes = this.#boxes;
    const at = 4 * index;
    if (boxes[at] === boxes[at + 2]) return undefined;
    return { x0: boxes[at]!, y0: boxes[at + 1]!, x1: boxes[at + 2]!, y1: boxes[at + 3]! };
  }

  /** Pixels that a mask of this table and one of the other share; both are of one size. */
  sharedArea(index: number, other: RunTable, otherIndex: number): number {
    if (this.#areas[index] === unmeasured) this.#measure(index);
    if (other.#areas[otherIndex] === unmeasured) other.#measure(otherIndex);
    const a = this.#boxes;
    const b = other.#boxes;
    const p = 4 * index;
    const q = 4 * otherIndex;
    if (a[p]! >= b[q + 2]! || b[q]! >= a[p + 2]! || a[p + 1]! >= b[q + 3]! || b[q + 1]! >= a[p + 3]!) return 0;
    const placesA = this.#places;
    const placesB = other.#places;
    const runsA = this.#chunks[placesA[p]!]!;
    const runsB = other.#chunks[placesB[q]!]!;
    return sharedRuns(runsA, placesA[p + 1]!, placesA[p + 2]!, runsB, placesB[q + 1]!, placesB[q + 2]!);
  }

  /**
   * Area and box, following the column downstream, which takes no division. Done when one of them is first asked for.
   */
  #measure(index: number): void {
    const place = 4 * index;
    const runs = this.#chunks[this.#places[place]!]!;
    const start = this.#places[place + 1]!;
    const end = this.#places[place + 2]!;
    const height = this.#places[place + 3]!;
    let area = 0;
    let column = 0;
    /** Rows from the top of the column. */
    let row = 0;
    let x0 = -1;
    let x1 = 0;
    let y0 = height;
    let y1 = 0;
    for (let i = start; i + 1 < end; i += 2) {
      row += runs[i]!;
      const run = runs[i + 1]!;
      if (run === 0) continue;
      for (; row >= height; row -= height) column++;
      if (x0 < 0) x0 = column;
      if (row < y0) y0 = row;
      area += run;
      row += run;
      // A run that goes on in the next column holds the bottom pixel of one and the top pixel of the other.
      if (row > height) y0 = 0;
      for (; row > height; row -= height, column++) y1 = height;
      if (row > y1) y1 = row;
      x1 = column + 1;
    }
    this.#areas[index] = area;
    this.#boxes[place] = Math.max(x0, 0);
    this.#boxes[place + 1] = x0 < 0 ? 0 : y0;
    this.#boxes[place + 2] = x1;
    this.#boxes[place + 3] = y1;
  }
}

/** Walks the runs inside both masks side by side; the one that ends first is the one to move on from. */
function sharedRuns(a: Uint32Array, fromA: number, toA: number, b: Uint32Array, fromB: number, toB: number): number {
  let i = fromA + 1;
  let j = fromB + 1;
  let shared = 0;
  if (i >= toA || j >= toB) return 0;
  let startA = a[fromA]!;
  let startB = b[fromB]!;
  let endA = startA + a[i]!;
  let endB = startB + b[j]!;
  for (;;) {
    if (endA <= endB) {
      const from = Math.max(startA, startB);
      if (endA > from) shared += endA - from;
      i += 2;
      if (i >= toA) return shared;
      startA = endA + a[i - 1]!;
      endA = startA + a[i]!;
    } else {
      const from = Math.max(startA, startB);
      if (endB > from) shared += endB - from;
      j += 2;
      if (j >= toB) return shared;
      startB = endB + b[j - 1]!;
      endB = startB + b[j]!;
    }
  }
}
