import type { Rle, Size } from "../api.ts";
import { grown, sharedLike } from "./columns.ts";
import { parseCounts } from "./rleString.ts";
import type { RunTable } from "./runTable.ts";

const defaults = {
  /**
   * The first chunk and the largest have these sizes in bytes. Chunks grow, because a few large ones cost the garbage collector
   * less.
   */
  chunk: { first: 1 << 16, largest: 1 << 24 },
};

const backslash = 92;

/**
 * Says whether run lengths must fill their mask. What is measured of a mask alone, its box and area, goes by the runs that
 * there are.
 */
export type RunLengths = "filling" | "any";

export interface SharedMasks {
  readonly count: number;
  readonly chunks: readonly Uint8Array[];
  readonly places: Int32Array;
}

/**
 * Keeps the COCO strings of many masks as they stand in a JSON text, backslashes doubled. They take a quarter of the memory of
 * their runs, and touching memory for the first time is what reading large files costs most. Each mask is decoded where it is
 * compared, into a few kilobytes that stay in the cache, by whichever thread compares it.
 */
export class EncodedMasks {
  #count = 0;
  #chunks: Uint8Array[] = [];
  #end = 0;
  /** Chunk, first byte, and end of each mask. */
  #places: Int32Array = new Int32Array(0);
  readonly #empty = new Uint8Array(0);

  /** Returns the data from which another thread makes the same masks with `of`. Both may only read from then on. */
  shared(): SharedMasks {
    return { count: this.#count, chunks: this.#chunks, places: this.#places };
  }

  static of({ count, chunks, places }: SharedMasks): EncodedMasks {
    const masks = new EncodedMasks();
    masks.#count = count;
    masks.#chunks = [...chunks];
    masks.#places = places;
    return masks;
  }

  /** Copies a string as JSON has it, without its quotes, and returns the mask's index. Nothing is checked before it is decoded. */
  add(text: Uint8Array): number {
    const index = this.#count++;
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || this.#end + text.length > chunk.length) {
      const usual = Math.min(2 * (chunk?.length ?? defaults.chunk.first / 2), defaults.chunk.largest);
      chunk = sharedLike(this.#empty, Math.max(usual, text.length));
      this.#chunks.push(chunk);
      this.#end = 0;
    }
    chunk.set(text, this.#end);
    this.#places = grown(this.#places, 3 * this.#count);
    this.#places[3 * index] = this.#chunks.length - 1;
    this.#places[3 * index + 1] = this.#end;
    this.#end += text.length;
    this.#places[3 * index + 2] = this.#end;
    return index;
  }

  /** Adds a string as parseCounts takes it. */
  addCounts(counts: string): number {
    return this.add(Buffer.from(counts.replaceAll("\\", "\\\\"), "latin1"));
  }

  /**
   * Decodes a mask of this size into a table and returns its place there. Throws HarnessError as parseCounts, and SyntaxError
   * where the bytes are no string of JSON.
   */
  decode(index: number, size: Size, into: RunTable, lengths: RunLengths = "filling"): number {
    const places = this.#places;
    const chunk = this.#chunks[places[3 * index]!]!;
    const start = places[3 * index + 1]!;
    const end = places[3 * index + 2]!;
    const decoded = decodeInto(into, { chunk, start, end }, size.height * size.width, lengths);
    return decoded < 0 ? into.add(this.#parsed(index, size)) : decoded;
  }

  /** Decodes the long way, for escapes that are seldom used and for what is wrong. */
  #parsed(index: number, size: Size): Rle {
    const places = this.#places;
    const bytes = this.#chunks[places[3 * index]!]!.subarray(places[3 * index + 1]!, places[3 * index + 2]!);
    const text = Buffer.from(bytes).toString("utf8");
    return parseCounts(JSON.parse(`"${text}"`) as string, size, "RLE");
  }
}

/** The run, or the difference of runs, that a byte is by itself: most are. */
const noShortRun = 127;
const shortRuns = Int8Array.from({ length: 256 }, (_, byte) => {
  if (byte < 48 || byte >= 80) return noShortRun;
  return byte < 64 ? byte - 48 : byte - 80;
});

/** Adds the mask to the table and returns its place there; -1 for all that is out of the ordinary. */
function decodeInto(
  table: RunTable,
  { chunk: bytes, start, end }: { readonly chunk: Uint8Array; readonly start: number; readonly end: number },
  pixels: number,
  lengths: RunLengths,
): number {
  // No run is shorter than a byte.
  const { runs, first } = table.room(end - start + 1);
  let at = start;
  let next = first;
  let total = 0;
  let areaPx = 0;
  /** All bits are set while the run is one of pixels inside. */
  let inside = 0;
  // The run two back, from the fourth on; the first is never added to.
  let older = 0;
  let newer = 0;
  while (at < end) {
    let byte = bytes[at++]!;
    let value = shortRuns[byte]!;
    if (value === noShortRun) {
      value = 0;
      let shift = 0;
      for (; ; byte = bytes[at++]!) {
        if (!(byte >= 48 && byte < 112)) return -1;
        if (byte === backslash && bytes[at++] !== backslash) return -1;
        value |= ((byte - 48) & 31) << shift;
        shift += 5;
        if (byte < 80) break;
        // More than 30 bits is no run of any image, and the string may not end within one.
        if (shift === 30 || at >= end) return -1;
      }
      if (((byte - 48) & 16) !== 0) value |= -1 << shift;
    }
    value += older;
    if (value < 0) return -1;
    older = newer;
    newer = next === first ? 0 : value;
    runs[next++] = value;
    total += value;
    areaPx += value & inside;
    inside = ~inside;
  }
  if (total === pixels) return table.commit(next - first, areaPx, pixels);
  if (areaPx === 0 && total < pixels) {
    // Nothing is inside, however many pixels are left out: as rleFrString takes an empty string.
    runs[first] = pixels;
    return table.commit(1, 0, pixels);
  }
  return lengths === "any" ? table.commit(next - first, areaPx, total) : -1;
}
