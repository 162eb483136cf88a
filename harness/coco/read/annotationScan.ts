import type { ImageId } from "../../api.ts";
import { limits } from "../../limits.ts";
import { afterSpace, closeBrace, closeBracket, comma, openBrace, openBracket, quote } from "../json/bytes.ts";
import type { ElementScan } from "../json/jsonWindow.ts";
import { isKey, isPlainId, keyBytes, valueAfter, valueOfAny } from "../json/memberScan.ts";
import { NumberListScan, type NumberLists } from "../json/numberLists.ts";
import { NumberScan } from "../json/numberScan.ts";
import type { Entry } from "./entries.ts";
import type { FileImage } from "./fileImage.ts";

const keys = {
  id: keyBytes("id"),
  image: keyBytes("image_id"),
  category: keyBytes("category_id"),
  area: keyBytes("area"),
  crowd: keyBytes("iscrowd"),
  ignored: keyBytes("ignore"),
  box: keyBytes("bbox"),
  segmentation: keyBytes("segmentation"),
};

/** Places in the values of an annotation. */
const id = 0;
const image = 1;
const category = 2;
const area = 3;
const crowd = 4;
const ignored = 5;

/** Bits of the members that stand in no place of the values. */
const box = 1 << 6;
const segmentation = 1 << 7;
const required = (1 << id) | (1 << image) | (1 << category) | (1 << area) | box | segmentation;

/** The reader that a scan asks what the file has, and hands annotations to. */
export interface ScanReader {
  readonly images: ReadonlyMap<ImageId, Pick<FileImage, "size">>;
  /** Ids of the annotations that the file has had so far. */
  readonly known: ReadonlySet<number>;
  /** Takes an annotation that has nothing out of the ordinary. The entry is valid during the call only. */
  keep(entry: Entry, place: { readonly offset: number; readonly bytes: number }): void;
}

/**
 * Reads annotations straight from the bytes of a file, without parsing them into objects: `toEntry` makes the same entry of them.
 * Whatever is out of the ordinary (run lengths, a missing or an unknown member that is no number, an id that comes twice, an
 * image that is unknown, every fault) is not read: the caller falls back on the parser, whose messages are the ones that users see.
 */
export class AnnotationScan implements ElementScan {
  readonly #number = new NumberScan();
  readonly #lists = new NumberListScan();
  readonly #reader: ScanReader;
  readonly #values = new Float64Array(6);
  readonly #box = new Float64Array(4);
  #polygons: NumberLists | undefined;
  #seen = 0;

  constructor(reader: ScanReader) {
    this.#reader = reader;
  }

  read(bytes: Uint8Array, start: number, end: number): number {
    this.#seen = 0;
    let at = start;
    if (bytes[at] !== openBrace) return -1;
    do {
      at = this.#member(bytes, afterSpace(bytes, at + 1), end);
      // Bytes behind the end are of an earlier reading.
      if (at < 0 || at >= end) return -1;
    } while (bytes[at] === comma);
    return bytes[at] === closeBrace && this.#isOrdinary() ? at + 1 : -1;
  }

  keep(offset: number, bytes: number): void {
    const values = this.#values;
    const x = this.#box[0]!;
    const y = this.#box[1]!;
    const width = this.#box[2]!;
    const height = this.#box[3]!;
    const entry: Entry = {
      id: values[id]!,
      image: values[image]!,
      category: values[category]!,
      areaPx: values[area]!,
      crowd: this.#has(crowd) && values[crowd] === 1,
      ignored: this.#has(ignored) && values[ignored] === 1 ? true : undefined,
      box: { x0: x, y0: y, x1: x + width, y1: y + height },
      boxAreaPx: width * height,
      segmentation: { kind: "polygons", polygons: this.#polygons! },
      foreign: undefined,
    };
    this.#reader.keep(entry, { offset, bytes });
  }

  /** Reads `"key": value` and returns where the next token begins; -1 for what is not read. */
  #member(bytes: Uint8Array, at: number, end: number): number {
    if (bytes[at] !== quote) return -1;
    if (isKey(bytes, at, keys.segmentation)) return this.#segmentation(bytes, valueAfter(bytes, at + 14));
    if (isKey(bytes, at, keys.box)) return this.#corners(bytes, valueAfter(bytes, at + 6));
    if (isKey(bytes, at, keys.id)) return this.#set(bytes, valueAfter(bytes, at + 4), id);
    if (isKey(bytes, at, keys.image)) return this.#set(bytes, valueAfter(bytes, at + 10), image);
    if (isKey(bytes, at, keys.category)) return this.#set(bytes, valueAfter(bytes, at + 13), category);
    if (isKey(bytes, at, keys.area)) return this.#set(bytes, valueAfter(bytes, at + 6), area);
    if (isKey(bytes, at, keys.crowd)) return this.#set(bytes, valueAfter(bytes, at + 9), crowd);
    if (isKey(bytes, at, keys.ignored)) return this.#set(bytes, valueAfter(bytes, at + 8), ignored);
    // Another member: a plain number is stepped over.
    this.#number.readAny(bytes, valueOfAny(bytes, at, end));
    return this.#number.end;
  }

  #set(bytes: Uint8Array, start: number, place: number): number {
    if (!this.#isFirst(1 << place)) return -1;
    this.#values[place] = this.#number.readAny(bytes, start);
    return this.#number.end;
  }

  /** Notes a member; returns false for one that comes twice, of which the last value counts. */
  #isFirst(bit: number): boolean {
    const first = (this.#seen & bit) === 0;
    this.#seen |= bit;
    return first;
  }

  #corners(bytes: Uint8Array, start: number): number {
    if (!this.#isFirst(box) || start < 0 || bytes[start] !== openBracket) return -1;
    let at = start;
    for (let i = 0; i < 4; i++) {
      if (i > 0 && bytes[at] !== comma) return -1;
      this.#box[i] = this.#number.readAny(bytes, afterSpace(bytes, at + 1));
      at = this.#number.end;
      if (at < 0) return -1;
    }
    return bytes[at] === closeBracket ? afterSpace(bytes, at + 1) : -1;
  }

  #segmentation(bytes: Uint8Array, start: number): number {
    if (!this.#isFirst(segmentation) || start < 0) return -1;
    this.#polygons = this.#lists.read(bytes, start);
    return this.#polygons === undefined ? -1 : afterSpace(bytes, this.#lists.end);
  }

  #has(place: number): boolean {
    return (this.#seen & (1 << place)) !== 0;
  }

  /** Tells whether all that a data set needs was read, and nothing of it is a fault or an oddity. */
  #isOrdinary(): boolean {
    const values = this.#values;
    if ((this.#seen & required) !== required) return false;
    if (!isPlainId(values[id]!) || !isPlainId(values[image]!) || !isPlainId(values[category]!)) return false;
    for (const place of [crowd, ignored])
      if (this.#has(place) && values[place] !== 0 && values[place] !== 1) return false;
    if (!(this.#box[2]! >= 0 && this.#box[3]! >= 0) || !areOrdinary(this.#polygons!)) return false;
    return this.#reader.images.get(values[image]!)?.size !== undefined && !this.#reader.known.has(values[id]!);
  }
}

/** Tells whether each polygon has three points or more, no coordinate without its pair, and none far outside of any image. */
function areOrdinary({ ends, values }: NumberLists): boolean {
  for (let i = 0, start = 0; i < ends.length; start = ends[i++]!) {
    const coordinates = ends[i]! - start;
    if (coordinates < 6 || coordinates % 2 === 1) return false;
  }
  const count = ends.at(-1)!;
  for (let i = 0; i < count; i++) if (!(Math.abs(values[i]!) <= limits.polygonCoordinatePx)) return false;
  return true;
}
