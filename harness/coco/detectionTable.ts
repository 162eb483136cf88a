import type { Box, Rle, Size } from "../api.ts";
import { parseCounts } from "../mask/rleString.ts";
import { grown } from "../mask/runTable.ts";

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

/** A mask's COCO string, the first `length` of `text`, which has been checked. */
export interface MaskText {
  readonly text: Uint8Array;
  readonly length: number;
  readonly size: Size;
  readonly areaPx: number;
}

/** Where a mask's COCO string lies. */
export interface TextPlace {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const chunkLength = 1 << 22;

/** Detections by column, in the order they came: a million of them as objects would be a gigabyte. */
export class DetectionTable {
  count = 0;
  /** Image id, category id and score of each detection. */
  #keys = new Float64Array(0);
  /** x0, y0, x1, y1 and area as given; unused where there is no box. */
  #boxes = new Float64Array(0);
  #boxed = new Uint8Array(0);
  /** Chunk (-1 without a mask), first byte and length of each mask's string; height and width. */
  #texts = new Int32Array(0);
  #areas = new Float64Array(0);
  readonly #chunks: Uint8Array[] = [];
  /** Behind the last string in the last chunk. */
  #end = chunkLength;

  add(image: number, category: number, score: number): void {
    const at = this.count++;
    this.#keys = grown(this.#keys, 3 * this.count);
    this.#boxed = grown(this.#boxed, this.count);
    this.#texts = grown(this.#texts, 5 * this.count);
    this.#areas = grown(this.#areas, this.count);
    this.#keys[3 * at] = image;
    this.#keys[3 * at + 1] = category;
    this.#keys[3 * at + 2] = score;
    this.#texts[5 * at] = -1;
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

  /** Gives the detection added last its mask, copying the string. */
  setMask({ text, length, size, areaPx }: MaskText): void {
    if (this.#end + length > chunkLength) {
      this.#chunks.push(new Uint8Array(Math.max(chunkLength, length)));
      this.#end = 0;
    }
    this.#chunks.at(-1)!.set(text.subarray(0, length), this.#end);
    const at = 5 * (this.count - 1);
    this.#texts[at] = this.#chunks.length - 1;
    this.#texts[at + 1] = this.#end;
    this.#texts[at + 2] = length;
    this.#texts[at + 3] = size.height;
    this.#texts[at + 4] = size.width;
    this.#areas[this.count - 1] = areaPx;
    this.#end += length;
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
    return this.#texts[5 * index]! >= 0;
  }

  /** Only for a detection that has a mask, as are the two below. */
  textOf(index: number): TextPlace {
    const at = 5 * index;
    const start = this.#texts[at + 1]!;
    return { bytes: this.#chunks[this.#texts[at]!]!, start, end: start + this.#texts[at + 2]! };
  }

  sizeOf(index: number): Size {
    return { height: this.#texts[5 * index + 3]!, width: this.#texts[5 * index + 4]! };
  }

  maskAreaOf(index: number): number {
    return this.#areas[index]!;
  }

  /** One detection as an object; its mask is made when it is first asked for. */
  at(index: number): Detection {
    const base = {
      ...{ image: this.imageOf(index), category: this.categoryOf(index), score: this.scoreOf(index) },
      ...(this.hasBox(index) ? { box: this.boxOf(index), boxAreaPx: this.boxAreaOf(index) } : {}),
    };
    if (!this.hasMask(index)) return base;
    const read = () => this.#mask(index);
    let mask: Rle | undefined;
    return {
      ...base,
      get mask() {
        mask ??= read();
        return mask;
      },
    };
  }

  #mask(index: number): Rle {
    const { bytes, start, end } = this.textOf(index);
    return parseCounts(Buffer.from(bytes.subarray(start, end)).toString("latin1"), this.sizeOf(index));
  }
}
