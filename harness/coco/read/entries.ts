import type { Annotation, Box, Size } from "../../api.ts";
import { sharedLike } from "../../mask/columns.ts";
import { NumberLists } from "../json/numberLists.ts";
import type { Segmentation } from "./segmentation.ts";

/** An annotation with its mask as the file has it. It may lack the box or the mask where the file's is none. */
export interface Entry extends Omit<Annotation, "mask" | "box"> {
  readonly box?: Box;
  /** Product of width and height as the file gives them: from the corners the product differs in its last bits. */
  readonly boxAreaPx?: number;
  /**
   * True where the annotation is, by COCO's rules, neither to be found nor a mistake, and yet no crowd: an iscrowd such as 0.5.
   */
  readonly uncounted?: boolean;
  readonly segmentation?: Segmentation;
  /** True where the mask has another size than its image: nothing of the image's size is compared with it. */
  readonly foreign?: boolean;
}

/**
 * Numbers before the polygons of an entry: id, image, category, box, area of the box, area, flags, number of polygons (0: an
 * RLE, kept beside, or none). The polygons' ends and coordinates follow.
 */
const headLength = 11;

/** Bits of the flags. */
const flags = { crowd: 1, ignored: 2, uncounted: 4, box: 8, mask: 16, foreign: 32 } as const;

const noBox: Box = { x0: 0, y0: 0, x1: 0, y1: 0 };

const chunkLength = 1 << 17;

const noPolygons = new NumberLists(new Float64Array(0), []);

interface Chunk {
  readonly values: Float64Array;
  /** Address of its first value. */
  readonly start: number;
}

export interface SharedEntries {
  readonly chunks: readonly Chunk[];
  readonly runLengths: ReadonlyMap<number, RunLengths>;
}

type RunLengths = Segmentation & { kind: "rle" };

/**
 * Keeps entries as numbers in a few large arrays, 8 bytes a coordinate: as objects, a training set's half million would
 * burden the garbage collector for as long as the run lasts.
 */
export class EntryStore {
  private chunks: Chunk[] = [];
  private runLengths = new Map<number, RunLengths>();
  /** Address of the next entry, counted over all chunks; and where the last chunk ends. */
  private next = 0;
  private end = 0;

  /** Returns the data from which another thread makes the same store with `of`. Both may only read from then on. */
  shared(): SharedEntries {
    return { chunks: this.chunks, runLengths: this.runLengths };
  }

  static of({ chunks, runLengths }: SharedEntries): EntryStore {
    const store = new EntryStore();
    store.chunks = [...chunks];
    store.runLengths = new Map(runLengths);
    return store;
  }

  /** Copies the entry and returns its address. */
  put(entry: Entry): number {
    const { segmentation, box = noBox } = entry;
    const { ends, values } = segmentation?.kind === "polygons" ? segmentation.polygons : noPolygons;
    const coordinates = ends.at(-1) ?? 0;
    const chunk = this.reserve(headLength + ends.length + coordinates);
    const address = this.next;
    let at = address - chunk.start;
    chunk.values[at++] = entry.id;
    chunk.values[at++] = entry.image;
    chunk.values[at++] = entry.category;
    chunk.values[at++] = box.x0;
    chunk.values[at++] = box.y0;
    chunk.values[at++] = box.x1;
    chunk.values[at++] = box.y1;
    chunk.values[at++] = entry.boxAreaPx ?? 0;
    chunk.values[at++] = entry.areaPx;
    chunk.values[at++] = flagsOf(entry);
    chunk.values[at++] = ends.length;
    for (let i = 0; i < ends.length; i++) chunk.values[at++] = ends[i]!;
    for (let i = 0; i < coordinates; i++) chunk.values[at++] = values[i]!;
    if (segmentation?.kind === "rle") this.runLengths.set(address, segmentation);
    this.next = chunk.start + at;
    return address;
  }

  get(address: number): Omit<Entry, "segmentation"> {
    const { values, start } = this.chunkOf(address);
    const at = address - start;
    const set = values[at + 9]!;
    const boxed = (set & flags.box) !== 0;
    return {
      id: values[at]!,
      image: values[at + 1]!,
      category: values[at + 2]!,
      areaPx: values[at + 8]!,
      crowd: (set & flags.crowd) !== 0,
      ignored: (set & flags.ignored) !== 0,
      uncounted: (set & flags.uncounted) !== 0,
      box: boxed ? { x0: values[at + 3]!, y0: values[at + 4]!, x1: values[at + 5]!, y1: values[at + 6]! } : undefined,
      boxAreaPx: boxed ? values[at + 7]! : undefined,
    };
  }

  category(address: number): number {
    const { values, start } = this.chunkOf(address);
    return values[address - start + 2]!;
  }

  has(address: number, part: "box" | "mask" | "foreign"): boolean {
    const { values, start } = this.chunkOf(address);
    return (values[address - start + 9]! & flags[part]) !== 0;
  }

  /** Returns the size that a mask has of its own: run lengths have one, polygons have none. */
  sizeOf(address: number): Size | undefined {
    return this.runLengths.get(address)?.size;
  }

  /** Returns the coordinates of a mask that is one polygon, as most are; undefined for every other. */
  polygon(address: number): Float64Array | undefined {
    const { values, start } = this.chunkOf(address);
    const count = address - start + headLength - 1;
    if (values[count] !== 1) return undefined;
    return values.subarray(count + 2, count + 2 + values[count + 1]!);
  }

  /** Returns the mask of an entry that has one. */
  segmentation(address: number): Segmentation {
    const values = this.from(address);
    const runLengths = this.runLengths.get(address);
    if (runLengths !== undefined) return runLengths;
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

  /** Returns the numbers from the address to the end of its chunk. */
  private from(address: number): Float64Array {
    const { values, start } = this.chunkOf(address);
    return values.subarray(address - start);
  }

  /** Finds the chunk by halves: a training set has a thousand chunks. */
  private chunkOf(address: number): Chunk {
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.chunks[middle]!.start <= address) low = middle;
      else high = middle - 1;
    }
    return this.chunks[low]!;
  }
}

function flagsOf({ crowd, ignored, uncounted, box, segmentation, foreign }: Entry): number {
  return (
    (crowd ? flags.crowd : 0) |
    (ignored ? flags.ignored : 0) |
    (uncounted ? flags.uncounted : 0) |
    (box === undefined ? 0 : flags.box) |
    (segmentation === undefined ? 0 : flags.mask) |
    (foreign ? flags.foreign : 0)
  );
}
