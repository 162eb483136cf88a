import type { Box } from "../api.ts";
import { decodeCounts } from "./rleString.ts";

type Column = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** The column itself while it has room for `length` values, else a copy at least twice as long. */
export function grown<T extends Column>(column: T, length: number): T {
  if (length <= column.length) return column;
  const larger = new (column.constructor as new (length: number) => T)(Math.max(length, 2 * column.length, 64));
  larger.set(column);
  return larger;
}

/**
 * The runs of the masks of one image in one array, with area and box of each: compared pair by pair, then cleared for the next
 * image. As objects, the millions of masks of a results file would cost more in garbage than in comparing.
 */
export class RunTable {
  #count = 0;
  #runs = new Uint32Array(0);
  /** Where the runs of each mask end; those of the first begin at 0. */
  #ends = new Int32Array(0);
  /** x0, y0, x1, y1 of each mask, 0 for an empty one. */
  #boxes = new Int32Array(0);
  #areas = new Float64Array(0);

  clear(): void {
    this.#count = 0;
  }

  /** Copies the runs of a mask of this height and returns its index. */
  add(counts: Uint32Array, height: number): number {
    const start = this.#reserve(counts.length);
    this.#runs.set(counts, start);
    return this.#measure(start, start + counts.length, height);
  }

  /** As `add`, of a COCO string that has been checked. */
  addText(text: Uint8Array, from: number, to: number, height: number): number {
    const start = this.#reserve(to - from);
    return this.#measure(start, decodeCounts(text, from, to, this.#runs, start), height);
  }

  /** Makes room for a mask of so many runs and returns where they begin. */
  #reserve(length: number): number {
    const start = this.#count === 0 ? 0 : this.#ends[this.#count - 1]!;
    this.#count++;
    this.#runs = grown(this.#runs, start + length);
    this.#ends = grown(this.#ends, this.#count);
    this.#boxes = grown(this.#boxes, 4 * this.#count);
    this.#areas = grown(this.#areas, this.#count);
    return start;
  }

  areaOf(index: number): number {
    return this.#areas[index]!;
  }

  /** The tightest box as `boxOf` has it, nothing for an empty mask. */
  boxOf(index: number): Box | undefined {
    const boxes = this.#boxes;
    const at = 4 * index;
    if (boxes[at] === boxes[at + 2]) return undefined;
    return { x0: boxes[at]!, y0: boxes[at + 1]!, x1: boxes[at + 2]!, y1: boxes[at + 3]! };
  }

  /** Pixels that a mask of this table and one of the other share; both are of one size. */
  sharedArea(index: number, other: RunTable, otherIndex: number): number {
    const a = this.#boxes;
    const b = other.#boxes;
    const p = 4 * index;
    const q = 4 * otherIndex;
    if (a[p]! >= b[q + 2]! || b[q]! >= a[p + 2]! || a[p + 1]! >= b[q + 3]! || b[q + 1]! >= a[p + 3]!) return 0;
    const startA = index === 0 ? 0 : this.#ends[index - 1]!;
    const startB = otherIndex === 0 ? 0 : other.#ends[otherIndex - 1]!;
    return sharedRuns(this.#runs, startA, this.#ends[index]!, other.#runs, startB, other.#ends[otherIndex]!);
  }

  /** Area and box of the mask added last, following the column downstream, which takes no division. */
  #measure(start: number, end: number, height: number): number {
    const index = this.#count - 1;
    const runs = this.#runs;
    this.#ends[index] = end;
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
    const at = 4 * index;
    this.#boxes[at] = x0 < 0 ? 0 : x0;
    this.#boxes[at + 1] = x0 < 0 ? 0 : y0;
    this.#boxes[at + 2] = x1;
    this.#boxes[at + 3] = y1;
    return index;
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
