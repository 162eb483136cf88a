import { limits } from "../../../limits.ts";
import { afterSpace, closeBrace, closeBracket, comma, openBrace, openBracket, quote } from "../../json/bytes.ts";
import type { ElementScan } from "../../json/jsonWindow.ts";
import { isKey, isPlainId, keyBytes, valueAfter, valueOfAny } from "../../json/memberScan.ts";
import { NumberScan } from "../../json/numberScan.ts";
import type { DetectionTable } from "./detectionTable.ts";

const keys = {
  image: keyBytes("image_id"),
  category: keyBytes("category_id"),
  score: keyBytes("score"),
  box: keyBytes("bbox"),
  segmentation: keyBytes("segmentation"),
  size: keyBytes("size"),
  counts: keyBytes("counts"),
};

/**
 * Reads detections straight from the bytes of a results file into a table, in one pass, without strings or objects; masks stay
 * as they stand. That is many times as fast as JSON.parse. Whatever is out of the ordinary (escapes, lists of run lengths,
 * unknown members that are no plain values, errors) is not read: the caller falls back on the parser, whose messages are the
 * ones that users see.
 */
export class DetectionScan implements ElementScan {
  readonly #number = new NumberScan();
  #image = 0;
  #category = 0;
  #score = 0;
  #seen = 0;
  readonly #box = new Float64Array(4);
  readonly #size = new Float64Array(2);
  /** The bytes that were read last, and the places in them where the mask's string begins and ends. */
  #bytes: Uint8Array = new Uint8Array(0);
  #countsStart = 0;
  #countsEnd = 0;

  constructor(private readonly table: DetectionTable) {}

  /**
   * Reads the detection whose `{` stands at `start` and returns where it ends; -1 if it is not read. It is in the table once it
   * is kept.
   */
  read(bytes: Uint8Array, start: number, end: number): number {
    this.#seen = 0;
    let at = start;
    if (bytes[at] !== openBrace) return -1;
    do {
      at = this.#member(bytes, afterSpace(bytes, at + 1), end);
      // Bytes behind the end are of an earlier reading.
      if (at < 0 || at >= end) return -1;
    } while (bytes[at] === comma);
    this.#bytes = bytes;
    return bytes[at] === closeBrace && this.#complete() ? at + 1 : -1;
  }

  keep(): void {
    this.table.add(this.#image, this.#category, this.#score);
    const x = this.#box[0]!;
    const y = this.#box[1]!;
    const width = this.#box[2]!;
    const height = this.#box[3]!;
    if ((this.#seen & box) !== 0) this.table.setBox({ x0: x, y0: y, x1: x + width, y1: y + height }, width * height);
    if ((this.#seen & segmentation) === 0) return;
    const mask = this.table.masks.add(this.#bytes.subarray(this.#countsStart, this.#countsEnd));
    this.table.setMask(mask, { height: this.#size[0]!, width: this.#size[1]! });
  }

  /** Reads `"key": value` and returns where the next token begins; -1 for what is not read. */
  #member(bytes: Uint8Array, at: number, end: number): number {
    if (bytes[at] !== quote) return -1;
    if (isKey(bytes, at, keys.image)) return this.#set(bytes, at + 10, image);
    if (isKey(bytes, at, keys.category)) return this.#set(bytes, at + 13, category);
    if (isKey(bytes, at, keys.score)) return this.#set(bytes, at + 7, score);
    if (isKey(bytes, at, keys.segmentation)) return this.#segmentation(bytes, at + 14, end);
    if (isKey(bytes, at, keys.box)) {
      this.#seen |= box;
      return this.#list(bytes, valueAfter(bytes, at + 6), this.#box);
    }
    // Another member: a plain number is stepped over (id, area, iscrowd).
    this.#number.readAny(bytes, valueOfAny(bytes, at, end));
    return this.#number.end;
  }

  #set(bytes: Uint8Array, afterKey: number, field: number): number {
    const value = this.#number.readAny(bytes, valueAfter(bytes, afterKey));
    if (field === image) this.#image = value;
    else if (field === category) this.#category = value;
    else this.#score = value;
    this.#seen |= field;
    return this.#number.end;
  }

  /** Reads a list of as many numbers as `into` holds. */
  #list(bytes: Uint8Array, start: number, into: Float64Array): number {
    if (start < 0 || bytes[start] !== openBracket) return -1;
    let at = start;
    for (let i = 0; i < into.length; i++) {
      if (i > 0 && bytes[at] !== comma) return -1;
      into[i] = this.#number.readAny(bytes, afterSpace(bytes, at + 1));
      at = this.#number.end;
      if (at < 0) return -1;
    }
    return bytes[at] === closeBracket ? afterSpace(bytes, at + 1) : -1;
  }

  #segmentation(bytes: Uint8Array, afterKey: number, end: number): number {
    let at = valueAfter(bytes, afterKey);
    // A second one counts alone, and is left to the parser.
    if (at < 0 || bytes[at] !== openBrace || (this.#seen & segmentation) !== 0) return -1;
    this.#seen |= segmentation;
    do {
      at = afterSpace(bytes, at + 1);
      if (isKey(bytes, at, keys.size)) {
        this.#seen |= size;
        at = this.#list(bytes, valueAfter(bytes, at + 6), this.#size);
      } else if (isKey(bytes, at, keys.counts)) {
        this.#seen |= counts;
        at = this.#counts(bytes, valueAfter(bytes, at + 8), end);
      } else return -1;
      if (at < 0 || at >= end) return -1;
    } while (bytes[at] === comma);
    return bytes[at] === closeBrace ? afterSpace(bytes, at + 1) : -1;
  }

  /** Keeps the place of a COCO string as it stands. The string ends at its quote, which is not in its alphabet. */
  #counts(bytes: Uint8Array, start: number, end: number): number {
    if (start < 0 || bytes[start] !== quote) return -1;
    const stop = bytes.indexOf(quote, start + 1);
    if (stop < 0 || stop >= end) return -1;
    this.#countsStart = start + 1;
    this.#countsEnd = stop;
    return afterSpace(bytes, stop + 1);
  }

  #complete(): boolean {
    const seen = this.#seen;
    if ((seen & required) !== required || (seen & (box | segmentation)) === 0) return false;
    if (!isPlainId(this.#image) || !isPlainId(this.#category)) return false;
    if ((seen & box) !== 0 && !(this.#box[2]! >= 0 && this.#box[3]! >= 0)) return false;
    if ((seen & segmentation) === 0) return true;
    const height = this.#size[0]!;
    const width = this.#size[1]!;
    const sides = Number.isSafeInteger(height) && Number.isSafeInteger(width) && height > 0 && width > 0;
    return sides && height * width <= limits.imagePixels && (seen & size) !== 0 && (seen & counts) !== 0;
  }
}

/** Bits of the members that a detection has. */
const image = 1;
const category = 2;
const score = 4;
const box = 8;
const segmentation = 16;
const size = 32;
const counts = 64;
const required = image | category | score;
