import type { Box, ImageId, Rle, Size } from "../../../api.ts";
import { HarnessError } from "../../../errors.ts";
import { grown } from "../../../mask/columns.ts";
import { EncodedMasks, type RunLengths, type SharedMasks } from "../../../mask/encodedMasks.ts";
import { rleFromPolygons } from "../../../mask/polygon.ts";
import { formatCounts } from "../../../mask/rleString.ts";
import { RunTable } from "../../../mask/runTable.ts";
import { type Fault, faultError } from "../../json/fields.ts";
import { IdTable, type OriginalIds } from "../../json/ids.ts";
import type { NumberLists } from "../../json/numberLists.ts";

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

/** A reason why a detection's box or mask can not be used, or not for everything. */
export type Flaw = "bad box" | "long box" | "bad mask";

/** The states of a detection's box: `long` has numbers behind the fourth. */
const boxStates = { none: 0, good: 1, long: 2, bad: 3 } as const;

/** Values in place of the index of a mask that has none. */
const maskStates = { none: -1, bad: -2, polygons: -3 } as const;

export interface SharedDetections {
  readonly source: string;
  readonly count: number;
  readonly keys: Float64Array;
  readonly boxes: Float64Array;
  readonly boxed: Uint8Array;
  readonly maskPlaces: Int32Array;
  readonly masks: SharedMasks;
}

/** Table of detections by column, in the order in which they came: a million of them as objects would be a gigabyte. */
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
  /** Tables of the file's large ids, until `renumber` replaces the numbers. */
  readonly ids = { image: new IdTable(), category: new IdTable() };
  /** One mask at a time. */
  readonly #decoded = new RunTable();
  readonly #source: string;
  /** The first fault of each kind, which is the one to name. */
  readonly #flaws = new Map<Flaw, Fault>();
  /** Masks that wait for the size of their image. */
  readonly #polygons = new Map<number, NumberLists>();
  /** Digits of ids that the annotations do not know. */
  readonly #digits = new Map<number, string>();

  /** `source` names the file in messages. */
  constructor(source: string, masks = new EncodedMasks()) {
    this.#source = source;
    this.masks = masks;
  }

  /** Returns the data from which another thread makes the same table with `of`. Both may only read from then on. */
  shared(): SharedDetections {
    const keys = this.#keys;
    const boxes = this.#boxes;
    const boxed = this.#boxed;
    const maskPlaces = this.#maskPlaces;
    return { source: this.#source, count: this.count, keys, boxes, boxed, maskPlaces, masks: this.masks.shared() };
  }

  static of({ source, count, keys, boxes, boxed, maskPlaces, masks }: SharedDetections): DetectionTable {
    const table = new DetectionTable(source, EncodedMasks.of(masks));
    table.count = count;
    table.#keys = keys;
    table.#boxes = boxes;
    table.#boxed = boxed;
    table.#maskPlaces = maskPlaces;
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
    this.#maskPlaces[3 * at] = maskStates.none;
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

  /** Says of the detection added last that part of it can not be used, or not for everything. */
  setFlaw(flaw: Flaw, fault: Fault): void {
    if (flaw === "bad mask") this.#maskPlaces[3 * (this.count - 1)] = maskStates.bad;
    else this.#boxed[this.count - 1] = flaw === "bad box" ? boxStates.bad : boxStates.long;
    if (!this.#flaws.has(flaw)) this.#flaws.set(flaw, fault);
  }

  hasFlaw(index: number, flaw: Flaw): boolean {
    if (flaw === "bad mask") return this.#maskPlaces[3 * index] === maskStates.bad;
    return this.#boxed[index] === (flaw === "bad box" ? boxStates.bad : boxStates.long);
  }

  /** Returns the first fault of that kind; call it only where there is one. */
  faultOf(flaw: Flaw): Fault {
    return this.#flaws.get(flaw)!;
  }

  /** Gives the detection added last polygons, to be drawn once the size of its image is known. */
  setPolygons(polygons: NumberLists): void {
    this.#maskPlaces[3 * (this.count - 1)] = maskStates.polygons;
    this.#polygons.set(this.count - 1, polygons);
  }

  /** Draws the masks that are polygons. `sizeOf` gives nothing for an image without a size: such a mask can not be used. */
  drawPolygons(sizeOf: (image: ImageId) => Size | undefined): void {
    for (const [index, polygons] of this.#polygons) {
      const size = sizeOf(this.imageOf(index));
      const at = 3 * index;
      if (size === undefined) {
        this.#maskPlaces[at] = maskStates.bad;
        const fault = { problem: "polygons on an image without a size", field: "segmentation" };
        if (!this.#flaws.has("bad mask")) this.#flaws.set("bad mask", fault);
        continue;
      }
      this.#maskPlaces[at] = this.masks.addCounts(formatCounts(rleFromPolygons(polygons.views(), size)));
      this.#maskPlaces[at + 1] = size.height;
      this.#maskPlaces[at + 2] = size.width;
    }
    this.#polygons.clear();
  }

  /** Replaces the numbers that this file's large ids have here by those that the annotations' have. */
  renumber(column: "image" | "category", theirs: OriginalIds): void {
    const own = this.ids[column].originals();
    if (own.length === 0) return;
    const numbers = new Map(theirs.map(([number, digits]) => [digits, number]));
    const replaced = new Map<number, number>();
    for (const [number, digits] of own) {
      // Of an unknown id: a number that no table of ids gives.
      const other = numbers.get(digits) ?? number + 2 ** 51;
      if (!numbers.has(digits)) this.#digits.set(other, digits);
      replaced.set(number, other);
    }
    const offset = column === "image" ? 0 : 1;
    for (let at = offset; at < 3 * this.count; at += 3)
      this.#keys[at] = replaced.get(this.#keys[at]!) ?? this.#keys[at]!;
  }

  /** Returns an id as the file has it. */
  digitsOf(id: number): string {
    return this.#digits.get(id) ?? String(id);
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
    return this.#boxed[index] === boxStates.good || this.#boxed[index] === boxStates.long;
  }

  /** Returns the box as the file gives it; call it only for a detection that has one. */
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
   * Decodes the mask of a detection that has one into a table of runs, and returns its place there. Throws HarnessError naming
   * file and detection where the string is no mask of the detection's size; where only the box is wanted, any length will do.
   */
  decodeMask(index: number, into: RunTable, lengths: RunLengths = "filling"): number {
    try {
      return this.masks.decode(this.#maskPlaces[3 * index]!, this.sizeOf(index), into, lengths);
    } catch (error) {
      if (!(error instanceof HarnessError || error instanceof SyntaxError)) throw error;
      throw faultError(this.#source, `detection [${index}]`, {
        problem: "RLE of the wrong length",
        field: "segmentation.counts",
        found: error.message,
      });
    }
  }

  /** Tells whether a detection's mask is of that size. */
  isOfSize(index: number, { height, width }: Size): boolean {
    return this.#maskPlaces[3 * index + 1] === height && this.#maskPlaces[3 * index + 2] === width;
  }

  sizeOf(index: number): Size {
    return { height: this.#maskPlaces[3 * index + 1]!, width: this.#maskPlaces[3 * index + 2]! };
  }

  /** Returns one detection as an object; its mask is decoded when it is first asked for. */
  at(index: number): Detection {
    const base = {
      image: this.imageOf(index),
      category: this.categoryOf(index),
      score: this.scoreOf(index),
      box: this.hasBox(index) ? this.boxOf(index) : undefined,
      boxAreaPx: this.hasBox(index) ? this.boxAreaOf(index) : undefined,
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
