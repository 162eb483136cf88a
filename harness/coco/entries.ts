import type { Annotation } from "../api.ts";
import { sharedLike } from "../mask/columns.ts";
import { NumberLists } from "./numberLists.ts";
import type { Segmentation } from "./segmentation.ts";

/** An annotation with its mask as the file has it. */
export interface Entry extends Omit<Annotation, "mask"> {
  /** width * height of the box as the file gives them: from the corners the product differs in its last bits. */
  readonly boxAreaPx: number;
  readonly segmentation: Segmentation;
}

/** id, image, category, box, its area, area, flags (1 crowd, 2 ignored), number of polygons (0: an RLE, kept beside). The polygons' ends and coordinates follow. */
const headLength = 11;

const chunkLength = 1 << 17;

const noPolygons = new NumberLists(new Float64Array(0), []);

interface Chunk {
  readonly values: Float64Array;
  /** Address of its first value. */
  readonly start: number;
}

export interface SharedEntries {
  readonly chunks: readonly Chunk[];
  readonly runLengths: ReadonlyMap<number, (Segmentation & { kind: "rle" })["counts"]>;
}

/**
 * Keeps entries as numbers in a few large arrays, 8 bytes a coordinate: as objects, a training set's half million would
 * burden the garbage collector for as long as the run lasts.
 */
export class EntryStore {
  private chunks: Chunk[] = [];
  private runLengths = new Map<number, (Segmentation & { kind: "rle" })["counts"]>();
  /** Address of the next entry, counted over all chunks; and where the last chunk ends. */
  private next = 0;
  private end = 0;

  /** What another thread makes the same store of, with `of`; for both to read alone. */
  shared(): SharedEntries {
    return { chunks: this.chunks, runLengths: this.runLengths };
  }

  static of({ chunks, runLengths }: SharedEntries): EntryStore {
    const store = new EntryStore();
    [store.chunks, store.runLengths] = [[...chunks], new Map(runLengths)];
    return store;
  }

  /** Copies the entry and returns its address. */
  put({ id, image, category, box, boxAreaPx, areaPx, crowd, ignored, segmentation }: Entry): number {
    const { ends, values } = segmentation.kind === "polygons" ? segmentation.polygons : noPolygons;
    const coordinates = ends.at(-1) ?? 0;
    const chunk = this.reserve(headLength + ends.length + coordinates);
    const address = this.next;
    let at = address - chunk.start;
    chunk.values[at++] = id;
    chunk.values[at++] = image;
    chunk.values[at++] = category;
    chunk.values[at++] = box.x0;
    chunk.values[at++] = box.y0;
    chunk.values[at++] = box.x1;
    chunk.values[at++] = box.y1;
    chunk.values[at++] = boxAreaPx;
    chunk.values[at++] = areaPx;
    chunk.values[at++] = (crowd ? 1 : 0) + (ignored ? 2 : 0);
    chunk.values[at++] = ends.length;
    for (let i = 0; i < ends.length; i++) chunk.values[at++] = ends[i]!;
    for (let i = 0; i < coordinates; i++) chunk.values[at++] = values[i]!;
    if (segmentation.kind === "rle") this.runLengths.set(address, segmentation.counts);
    this.next = chunk.start + at;
    return address;
  }

  get(address: number): Omit<Entry, "segmentation"> {
    const values = this.from(address);
    return {
      id: values[0]!,
      image: values[1]!,
      category: values[2]!,
      box: { x0: values[3]!, y0: values[4]!, x1: values[5]!, y1: values[6]! },
      boxAreaPx: values[7]!,
      areaPx: values[8]!,
      crowd: values[9] === 1 || values[9] === 3,
      ignored: values[9]! >= 2,
    };
  }

  category(address: number): number {
    return this.from(address)[2]!;
  }

  segmentation(address: number): Segmentation {
    const values = this.from(address);
    const counts = this.runLengths.get(address);
    if (counts !== undefined) return { kind: "rle", counts };
    const first = headLength + values[10]!;
    const ends = Array.from(values.subarray(headLength, first));
    return { kind: "polygons", polygons: new NumberLists(values.subarray(first, first + (ends.at(-1) ?? 0)), ends) };
  }

  private reserve(length: number): Chunk {
    if (this.next + length > this.end) {
      const values = sharedLike(noPolygons.values, Math.max(length, chunkLength));
      this.chunks.push({ values, start: this.end });
      this.next = this.end;
      this.end += values.length;
    }
    return this.chunks.at(-1)!;
  }

  /** From the address to the end of its chunk. */
  private from(address: number): Float64Array {
    const { values, start } = this.chunkOf(address);
    return values.subarray(address - start);
  }

  /** Found by halves: a training set has a thousand chunks. */
  private chunkOf(address: number): Chunk {
    let [low, high] = [0, this.chunks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.chunks[middle]!.start <= address) low = middle;
      else high = middle - 1;
    }
    return this.chunks[low]!;
  }
}
