import type { Rle, Size } from "../api.ts";
import { grown } from "./columns.ts";

/** Runs of the first chunk and of the largest: chunks grow, because a few large ones cost the garbage collector less. */
const chunkLengths = { first: 1 << 14, largest: 1 << 22 };

/** Values that are kept of a mask. */
const width = 6;

/** The runs of many masks in a few large arrays, with what comparing needs: filled and cleared over and over, it makes no garbage. */
export class RunTable {
  #count = 0;
  readonly #chunks: Uint32Array[] = [];
  /** Of the chunk that is being filled: its place in `chunks`, and behind its last run. */
  #chunk = -1;
  #end = 0;
  /** Of each mask: chunk, first run, the end of the runs, the area, and down the columns the first pixel inside and the end of the last. */
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

  /** Where the runs of the next mask are to be written: from `first` on there is room for `length`. */
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

  /** Makes the runs that were written into the room a mask, of so many pixels inside and in all, and returns its index. */
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

  /** Pixels that a mask of this table and one of the other share; both are of one size. */
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
