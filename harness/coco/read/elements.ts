import type { Category, ImageId, ImageRecord, Size } from "../../api.ts";
import { limits } from "../../limits.ts";
import type { Fault, Fields } from "../json/fields.ts";
import { attempt, fail, faultError, numberOf, present, readNumber, sketch, textOf, wrongType } from "../json/fields.ts";
import type { FileIds } from "../json/ids.ts";
import { readBox } from "./box.ts";
import type { Entry } from "./entries.ts";
import type { FileImage } from "./fileImage.ts";
import { isForeign, readSegmentation } from "./segmentation.ts";

/** An image of the file with all that a data set needs of it. */
export type AnnotatedImage = FileImage & ImageRecord;

export interface AnnotatedCategory extends Category {
  /** Number of images with the category in LVIS's training set; `frequency` goes by it. */
  readonly imageCount?: number;
  /** Value that the file has in place of a frequency. LVIS is not scored without a frequency. */
  readonly wrongFrequency?: string;
}

export function toImage(fields: Fields, ids: FileIds): FileImage {
  const url = typeof fields.coco_url === "string" ? fields.coco_url : undefined;
  const negativeCategories = ids.categories.readList(fields, "neg_category_ids");
  const notExhaustiveCategories = ids.categories.readList(fields, "not_exhaustive_category_ids");
  const fileName = attempt(() => readFileName(fields, url));
  const size = attempt(() => readSize(fields));
  return {
    id: ids.images.read(fields, "id"),
    fileName: fileName.value,
    size: size.value,
    faults: (fileName.fault ?? size.fault) ? { fileName: fileName.fault, size: size.fault } : undefined,
    url,
    negativeCategories,
    notExhaustiveCategories,
  };
}

/** Returns the images, each with its photo's name and sides. Throws HarnessError at the first image that lacks them. */
export function requirePhotos(file: string, images: readonly FileImage[]): readonly AnnotatedImage[] {
  for (const { id, faults, size } of images) {
    const fault = faults?.fileName ?? faults?.size ?? emptySide(size);
    if (fault !== undefined) throw faultError(file, `image ${id}`, fault);
  }
  return images as readonly AnnotatedImage[];
}

function emptySide(size: Size | undefined): Fault | undefined {
  if (size === undefined || size.height * size.width > 0) return undefined;
  const field = size.height > 0 ? "width" : "height";
  return { problem: "not a length in pixels", field, found: size[field] };
}

const frequencies = { r: "rare", c: "common", f: "frequent" } as const;

export function toCategory(fields: Fields, ids: FileIds): AnnotatedCategory {
  const letter = fields.frequency;
  const frequency = typeof letter === "string" ? frequencies[letter as keyof typeof frequencies] : undefined;
  const imageCount = numberOf(fields.image_count);
  return {
    id: ids.categories.read(fields, "id"),
    name: textOf(fields.name) ?? sketch(fields.id),
    frequency,
    wrongFrequency: letter === undefined || frequency !== undefined ? undefined : sketch(letter),
    imageCount,
  };
}

/**
 * An annotation as far as it can be read. It may lack what only scores of masks, or only scores of boxes, need; the faults say
 * why.
 */
export interface ReadEntry {
  readonly entry: Entry;
  readonly mask?: Fault;
  readonly box?: Fault;
  /** Oddity of a mask that is read all the same. */
  readonly oddity?: Fault;
  /** Oddity of `iscrowd`. */
  readonly crowdOddity?: Fault;
}

export function toEntry(fields: Fields, images: ReadonlyMap<ImageId, FileImage>, ids: FileIds): ReadEntry {
  const id = ids.annotations.read(fields, "id");
  const image = images.get(ids.images.read(fields, "image_id"));
  if (image === undefined) return fail({ problem: "unknown image", field: "image_id", found: sketch(fields.image_id) });
  const crowd = readCrowd(fields);
  const common = {
    id,
    image: image.id,
    category: ids.categories.read(fields, "category_id"),
    areaPx: readNumber(fields, "area"),
    ...crowd.value,
    ignored: isTrue(fields.ignore) ? true : undefined,
  };
  const mask = attempt(() => readSegmentation(fields.segmentation, image));
  const box = attempt(() => readBox(fields.bbox, "Python's numbers"));
  const segmentation = mask.value?.segmentation;
  return {
    entry: {
      ...common,
      box: box.value?.box,
      boxAreaPx: box.value?.areaPx,
      segmentation,
      foreign: isForeign(segmentation, image.size) ? true : undefined,
    },
    mask: mask.fault,
    box: box.fault,
    oddity: mask.value?.oddity,
    crowdOddity: crowd.oddity,
  };
}

/**
 * Reads `iscrowd` as COCOeval takes it. What Python holds for true keeps the annotation out of the figures, and what int()
 * makes another number than 0 is a crowd as well. LVIS has no crowds and no such field, so a value that is no number keeps no
 * annotation out there.
 */
function readCrowd({ iscrowd }: Fields): { value: Pick<Entry, "crowd" | "uncounted">; oddity?: Fault } {
  if (iscrowd === undefined) return { value: { crowd: false } };
  const text = typeof iscrowd === "string" && /^\s*[+-]?\d+\s*$/.test(iscrowd) ? Number(iscrowd) : undefined;
  const number = numberOf(iscrowd) ?? text;
  const crowd = number !== undefined && Number.isFinite(number) && Math.trunc(number) !== 0;
  const value = isTrue(iscrowd) && !crowd ? { crowd, uncounted: true } : { crowd };
  if (number !== undefined && Number.isFinite(number)) return { value };
  const oddity = { problem: "iscrowd that is no number", field: "iscrowd", found: sketch(iscrowd), expected: "0 or 1" };
  return { value, oddity };
}

/** Tells whether Python's bool() of the value is true; most files have no such field. */
function isTrue(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return typeof value === "number" ? value !== 0 : Boolean(value);
}

export function lastTwoParts(path: string): string {
  return path.split("/").filter(Boolean).slice(-2).join("/");
}

function readFileName(fields: Fields, url: string | undefined): string {
  if (fields.file_name === undefined && url !== undefined) return lastTwoParts(url);
  const name = present(fields, "file_name");
  return typeof name === "string" ? name : wrongType("file_name", name, "a string");
}

function readSize(fields: Fields): Size {
  const size = { height: readSide(fields, "height"), width: readSide(fields, "width") };
  if (size.height * size.width > limits.imagePixels)
    fail({
      problem: "image of more pixels than are read",
      field: "height, width",
      found: `[${size.height},${size.width}]`,
      expected: `at most ${limits.imagePixels} px`,
    });
  return size;
}

/** Reads a side, cut to a whole number as pycocotools cuts it, which takes 0 as well. */
function readSide(fields: Fields, field: string): number {
  const side = Math.trunc(readNumber(fields, field));
  return side >= 0 ? side : fail({ problem: "not a length in pixels", field, found: side });
}
