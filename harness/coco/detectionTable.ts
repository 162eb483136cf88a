import type { Box, Rle, Size } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { grown } from "../mask/columns.ts";
import { EncodedMasks, type SharedMasks } from "../mask/encodedMasks.ts";
import { RunTable } from "../mask/runTable.ts";
import { faultError } from "./fields.ts";

/** One line of a results file: a detector's box, a mask, or both. */
export interface Detection {
  readonly image: number;
  readonly category: number;
  readonly score: number;
  readonly box?: Box;
  /** width * height of the box as the file gives them: from the corners the product differs in its last bits. */
  readonly boxAreaPx?: number;
  readonly mask?: Rle;
}

export interface SharedDetections {
  readonly source: string;
  readonly count: number;
  readonly keys: Float64Array;
  readonly boxes: Float64Array;
  readonly boxed: Uint8Array;
  readonly maskPlaces: Int32Array;
  readonly masks: SharedMasks;
}

/** Detections by column, in the order they came: a million of them as objects would be a gigabyte. */
export class DetectionTable {
  count = 0;
  /** Image id, category id and score of each detection. */
  #keys: Float64Array = new Float64Array(0);
  /** x0, y0, x1, y1 and area as given; unused where there is no box. */
  #boxes: Float64Array = new Float64Array(0);
  #boxed: Uint8Array = new Uint8Array(0);
  /** Index in `masks`, -1 without one; height and width. */
  #maskPlaces: Int32Array = new Int32Array(0);
  readonly masks: EncodedMasks;
  /** One mask at a time. */
  readonly #decoded = new RunTable();
  readonly #source: string;

  /** `source` is the file, for messages. */
  constructor(source: string, masks = new EncodedMasks()) {
    this.#source = source;
    this.masks = masks;
  }

  /** What another thread makes the same table of, with `of`; for both to read alone. */
  shared(): SharedDetections {
    const [keys, boxes, boxed, maskPlaces] = [this.#keys, this.#boxes, this.#boxed, this.#maskPlaces];
    return { source: this.#source, count: this.count, keys, boxes, boxed, maskPlaces, masks: this.masks.shared() };
  }

  static of({ source, count, keys, boxes, boxed, maskPlaces, masks }: SharedDetections): DetectionTable {
    const table = new DetectionTable(source, EncodedMasks.of(masks));
    [table.count, table.#keys, table.#boxes, table.#boxed, table.#maskPlaces] = [count, keys, boxes, boxed, maskPlaces];
    return table;
  }

  add(image: number, category: number, score: number): void {
    const at = this.count++;
    this.#keys = grown(this.#keys, 3 * this.count);
    this.#boxed = grown(this.#boxed, this.count);
    this.#maskPlaces = grown(this.#maskPlaces, 3 * this.count);
    this.#keys[3 * at] = image;
    this.#keys[3 * at + 1] = category;
    this.#keys[3 * at + 2] = score;
    this.#maskPlaces[3 * at] = -1;
  }

  /** Gives the detection added last its box. */
  setBox(box: Box, areaPx: number): void {
    const at = 5 * (this.count - 1);
    this.#boxed[this.count - 1] = 1;
    this.#boxes = grown(this.#boxes, 5 * this.count);
    this.#boxes[at] = box.x0;
    this.#boxes[at + 1] = box.y0;
    this.#boxes[at + 2] = box.x1;
    this.#boxes[at + 3] = box.y1;
    this.#boxes[at + 4] = areaPx;
  }

  /** Gives the detection added last a mask of `masks`. */
  setMask(maskIndex: number, { height, width }: Size): void {
    const at = 3 * (this.count - 1);
    this.#maskPlaces[at] = maskIndex;
    this.#maskPlaces[at + 1] = height;
    this.#maskPlaces[at + 2] = width;
  }

  imageOf(index: number): number {
    return this.#keys[3 * index]!;
  }

  categoryOf(index: number): number {
    return this.#keys[3 * index + 1]!;
  }

  scoreOf(index: number): number {
    return this.#keys[3 * index + 2]!;
  }

  hasBox(index: number): boolean {
    return this.#boxed[index] === 1;
  }

  /** As the file gives it; only for a detection that has one. */
  boxOf(index: number): Box {
    const boxes = this.#boxes;
    const at = 5 * index;
    return { x0: boxes[at]!, y0: boxes[at + 1]!, x1: boxes[at + 2]!, y1: boxes[at + 3]! };
  }

  boxAreaOf(index: number): number {
    return this.#boxes[5 * index + 4]!;
  }

  hasMask(index: number): boolean {
    return this.#maskPlaces[3 * index]! >= 0;
  }

  /**
   * Decodes its mask into a table of runs and returns the place there; only for a detection that has a mask, as is its size.
   * Throws HarnessError naming file and detection where the string is no mask of that size.
   */
  decodeMask(index: number, into: RunTable): number {
    try {
      return this.masks.decode(this.#maskPlaces[3 * index]!, this.sizeOf(index), into);
    } catch (error) {
      if (!(error instanceof HarnessError || error instanceof SyntaxError)) throw error;
      throw faultError(this.#source, `detection [${index}]`, {
        ...{ problem: "RLE of the wrong length", field: "segmentation.counts", found: error.message },
      });
    }
  }

  sizeOf(index: number): Size {
    return { height: this.#maskPlaces[3 * index + 1]!, width: this.#maskPlaces[3 * index + 2]! };
  }

  /** One detection as an object; its mask is decoded when it is first asked for. */
  at(index: number): Detection {
    const base = {
      ...{ image: this.imageOf(index), category: this.categoryOf(index), score: this.scoreOf(index) },
      ...(this.hasBox(index) ? { box: this.boxOf(index), boxAreaPx: this.boxAreaOf(index) } : {}),
    };
    if (!this.hasMask(index)) return base;
    const decode = () => this.#rleOf(index);
    let mask: Rle | undefined;
    return {
      ...base,
      get mask() {
        mask ??= decode();
        return mask;
      },
    };
  }

  #rleOf(index: number): Rle {
    this.#decoded.clear();
    return this.#decoded.rle(this.decodeMask(index, this.#decoded), this.sizeOf(index));
  }
}
