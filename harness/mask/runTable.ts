import type { Rle, Size } from "../api.ts";
import { grown } from "./columns.ts";
import { sharedRuns } from "./sharedRuns.ts";

/** Runs of the first chunk and of the largest. Chunks grow, because a few large ones cost the garbage collector less. */
const chunkLengths = { first: 1 << 14, largest: 1 << 22 };

/** Number of values kept of a mask. */
const width = 10;

/**
 * Keeps the runs of many masks in a few large arrays, with what comparing needs. It is filled and cleared over and over and
 * makes no garbage.
 */
export class RunTable {
  #count = 0;
  readonly #chunks: Uint32Array[] = [];
  /** Place in `chunks` of the chunk that is being filled, and the end of its last run. */
  #chunk = -1;
  #end = 0;
  /**
   * Ten values of each mask: chunk, first run, end of the runs, area, and down the columns the first pixel inside and the end
   * of the last. Four more are its box once it is asked for: left, right, top, bottom; before, all are 0.
   */
  #masks: Uint32Array = new Uint32Array(0);

  /** Forgets all masks and keeps the memory. */
  clear(): void {
    this.#count = 0;
    this.#chunk = Math.min(this.#chunk, 0);
    this.#end = 0;
  }

  /** Copies the runs of a mask and returns its index. */
  add({ counts }: Rle): number {
    const { runs, first } = this.room(counts.length);
    runs.set(counts, first);
    let areaPx = 0;
    let pixels = 0;
    for (let i = 0; i < counts.length; i++) {
      pixels += counts[i]!;
      if (i % 2 === 1) areaPx += counts[i]!;
    }
    return this.commit(counts.length, areaPx, pixels);
  }

  /** Returns the place for the runs of the next mask: from `first` on there is room for `length`. */
  room(length: number): { readonly runs: Uint32Array; readonly first: number } {
    const current = this.#chunks[this.#chunk];
    if (current !== undefined && this.#end + length <= current.length) return { runs: current, first: this.#end };
    const next = this.#chunks[this.#chunk + 1];
    const usual = Math.min(2 * (current?.length ?? chunkLengths.first / 2), chunkLengths.largest);
    const runs = next !== undefined && next.length >= length ? next : new Uint32Array(Math.max(usual, length));
    this.#chunks[++this.#chunk] = runs;
    this.#end = 0;
    return { runs, first: 0 };
  }

  /** Makes a mask of the runs that were written into the room, with so many pixels inside and in all, and returns its index. */
  commit(length: number, areaPx: number, pixels: number): number {
    const index = this.#count++;
    this.#masks = grown(this.#masks, width * this.#count);
    const runs = this.#chunks[this.#chunk]!;
    const at = width * index;
    const first = this.#end;
    this.#end += length;
    this.#masks[at] = this.#chunk;
    this.#masks[at + 1] = first;
    this.#masks[at + 2] = this.#end;
    this.#masks[at + 3] = areaPx;
    this.#masks[at + 4] = runs[first]!;
    this.#masks[at + 5] = length % 2 === 0 ? pixels : pixels - runs[this.#end - 1]!;
    this.#masks[at + 7] = 0;
    return index;
  }

  rle(index: number, size: Size): Rle {
    const at = width * index;
    const runs = this.#chunks[this.#masks[at]!]!;
    return { size, counts: runs.slice(this.#masks[at + 1]!, this.#masks[at + 2]!) };
  }

  areaOf(index: number): number {
    return this.#masks[width * index + 3]!;
  }

  /**
   * Returns how many pixels a mask of this table and one of the other can share at most, by the boxes around them; both are of
   * this height.
   */
  sharedBound(index: number, other: RunTable, otherIndex: number, height: number): number {
    const a = this.#box(index, height);
    const b = other.#box(otherIndex, height);
    const p = this.#masks;
    const q = other.#masks;
    const columns = Math.min(p[a + 1]!, q[b + 1]!) - Math.max(p[a]!, q[b]!);
    const rows = Math.min(p[a + 3]!, q[b + 3]!) - Math.max(p[a + 2]!, q[b + 2]!);
    return columns > 0 && rows > 0 ? columns * rows : 0;
  }

  /** Returns where the box of a mask stands among the values. An empty mask's is empty. */
  #box(index: number, height: number): number {
    const masks = this.#masks;
    const at = width * index;
    if (masks[at + 7] !== 0 || masks[at + 3] === 0) return at + 6;
    masks[at + 6] = Math.floor(masks[at + 4]! / height);
    masks[at + 7] = Math.floor((masks[at + 5]! - 1) / height) + 1;
    const runs = this.#chunks[masks[at]!]!;
    const end = masks[at + 2]!;
    let top = height;
    let bottom = 0;
    /** Pixel at which the column begins. */
    let column = 0;
    for (let i = masks[at + 1]! + 1, start = masks[at + 4]!; i < end; i += 2) {
      // Most runs are the only one of their column: the next column is one on.
      if (start - column >= height) column += height;
      if (start - column >= height) column = start - (start % height);
      const from = start - column;
      const to = from + runs[i]!;
      if (from < top) top = from;
      if (to > bottom) bottom = to;
      start += runs[i]! + (i + 1 < end ? runs[i + 1]! : 0);
    }
    // A run that goes on in the next column holds the bottom pixel of one and the top pixel of the other.
    masks[at + 8] = bottom > height ? 0 : top;
    masks[at + 9] = Math.min(bottom, height);
    return at + 6;
  }

  /** Counts the pixels that a mask of this table and one of the other share; both are of one size. */
  sharedArea(index: number, other: RunTable, otherIndex: number): number {
    const a = this.#masks;
    const b = other.#masks;
    const p = width * index;
    const q = width * otherIndex;
    if (a[p + 4]! >= b[q + 5]! || b[q + 4]! >= a[p + 5]!) return 0;
    const runsA = this.#chunks[a[p]!]!;
    const runsB = other.#chunks[b[q]!]!;
    return sharedRuns(runsA, a[p + 1]!, a[p + 2]!, runsB, b[q + 1]!, b[q + 2]!);
  }
}
