import type { Box, Rle, Size } from "../api.ts";
import { grown, RunTable } from "../mask/runTable.ts";

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

/** A box as a results file has it. */
export interface GivenBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The runs of a mask: the first `length` of `counts`. */
export interface GivenRuns {
  readonly counts: ArrayLike<number>;
  readonly length: number;
  readonly size: Size;
}

/** Detections by column, in the order they came: a million of them as objects would be a gigabyte. */
export class DetectionTable {
  count = 0;
  /** Image id, category id and score of each detection. */
  #keys = new Float64Array(0);
  /** x0, y0, x1, y1 and area as given; unused where there is no box. */
  #boxes = new Float64Array(0);
  #boxed = new Uint8Array(0);
  /** Index in `masks`, -1 without one; height and width. */
  #maskPlaces = new Int32Array(0);
  readonly masks = new RunTable();

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

  /** Gives the detection added last its mask, copying the runs. */
  setMask({ counts, length, size }: GivenRuns): void {
    const at = 3 * (this.count - 1);
    this.#maskPlaces[at] = this.masks.add(counts, length, size.height);
    this.#maskPlaces[at + 1] = size.height;
    this.#maskPlaces[at + 2] = size.width;
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
    const [x0, y0, x1, y1] = this.#boxes.subarray(5 * index, 5 * index + 4) as unknown as [number, number, number, number];
    return { x0, y0, x1, y1 };
  }

  boxAreaOf(index: number): number {
    return this.#boxes[5 * index + 4]!;
  }

  /** Index in `masks`; -1 for a detection that is a box alone. */
  maskIndexOf(index: number): number {
    return this.#maskPlaces[3 * index]!;
  }

  /** Of the mask. */
  sizeOf(index: number): Size {
    return { height: this.#maskPlaces[3 * index + 1]!, width: this.#maskPlaces[3 * index + 2]! };
  }

  /** One detection as an object; its mask is made when it is first asked for. */
  at(index: number): Detection {
    const base = {
      ...{ image: this.imageOf(index), category: this.categoryOf(index), score: this.scoreOf(index) },
      ...(this.hasBox(index) ? { box: this.boxOf(index), boxAreaPx: this.boxAreaOf(index) } : {}),
    };
    const maskIndex = this.maskIndexOf(index);
    if (maskIndex < 0) return base;
    const { masks } = this;
    const size = this.sizeOf(index);
    let mask: Rle | undefined;
    return {
      ...base,
      get mask() {
        mask ??= masks.rle(maskIndex, size);
        return mask;
      },
    };
  }
}
