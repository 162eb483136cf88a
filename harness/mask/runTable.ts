import type { Rle, Size } from "../api.ts";
import { grown } from "./columns.ts";
import { sharedRuns } from "./sharedRuns.ts";

/** Runs of the first chunk and of the largest. Chunks grow, because a few large ones cost the garbage collector less. */
const chunkLengths = { first: 1 << 14, largest: 1 << 22 };

/** Number of values kept of a mask. */
const width = 6;

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
   * Six values of each mask: chunk, first run, end of the runs, area, and down the columns the first pixel inside and the end
   * of the last.
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
