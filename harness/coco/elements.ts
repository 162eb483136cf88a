import type { Box, Category, ImageId, ImageRecord } from "../api.ts";
import type { Entry } from "./entries.ts";
import type { Fields } from "./fields.ts";
import { fail, readInteger, readIntegers, readNumber, readText, wrongType } from "./fields.ts";
import { readSegmentation } from "./segmentation.ts";

export interface AnnotatedImage extends ImageRecord {
  /** The photo's address, whose last two parts name folder and file; LVIS v1 has no other name. */
  readonly url?: string;
  /** LVIS: categories known to be absent. */
  readonly negativeCategories?: readonly number[];
  /** LVIS: categories of which not every instance is annotated. */
  readonly notExhaustiveCategories?: readonly number[];
}

export interface AnnotatedCategory extends Category {
  /** LVIS: in the training set; `frequency` goes by it. */
  readonly imageCount?: number;
}

export function toImage(fields: Fields): AnnotatedImage {
  const url = typeof fields.coco_url === "string" ? fields.coco_url : undefined;
  const negativeCategories = readIntegers(fields, "neg_category_ids");
  const notExhaustiveCategories = readIntegers(fields, "not_exhaustive_category_ids");
  return {
    id: readInteger(fields, "id"),
    fileName: fields.file_name === undefined && url !== undefined ? lastTwoParts(url) : readText(fields, "file_name"),
    size: { height: readSide(fields, "height"), width: readSide(fields, "width") },
    ...(url === undefined ? {} : { url }),
    ...(negativeCategories === undefined ? {} : { negativeCategories }),
    ...(notExhaustiveCategories === undefined ? {} : { notExhaustiveCategories }),
  };
}

const frequencies = { r: "rare", c: "common", f: "frequent" } as const;

export function toCategory(fields: Fields): AnnotatedCategory {
  const letter = fields.frequency;
  const frequency = frequencies[letter as keyof typeof frequencies];
  if (letter !== undefined && frequency === undefined) wrongType("frequency", letter, "r, c or f");
  return {
    id: readInteger(fields, "id"),
    name: readText(fields, "name"),
    ...(frequency === undefined ? {} : { frequency }),
    ...(fields.image_count === undefined ? {} : { imageCount: readInteger(fields, "image_count") }),
  };
}

export function toEntry(fields: Fields, images: ReadonlyMap<ImageId, AnnotatedImage>): Entry {
  const id = readInteger(fields, "id");
  const image = images.get(readInteger(fields, "image_id"));
  if (image === undefined) return fail({ problem: "unknown image", field: "image_id", found: fields.image_id });
  const segmentation = readSegmentation(fields, image.size);
  return {
    id,
    image: image.id,
    category: readInteger(fields, "category_id"),
    box: readBox(fields),
    boxAreaPx: areaOfBox(fields),
    areaPx: readNumber(fields, "area"),
    // LVIS has no crowds and no such field.
    crowd: fields.iscrowd === undefined ? false : readInteger(fields, "iscrowd") === 1,
    ...(isIgnored(fields) ? { ignored: true } : {}),
    segmentation,
  };
}

/** 1 or true, as Python takes them; most files have no such field. */
function isIgnored({ ignore }: Fields): boolean {
  return ignore === true || (typeof ignore === "number" && ignore !== 0);
}

/** [x, y, w, h] → corners; only this and the writer know the former. */
export function readBox(fields: Fields): Box {
  const { bbox } = fields;
  if (bbox === undefined || bbox === null) return fail({ problem: "missing field", field: "bbox" });
  if (!Array.isArray(bbox) || bbox.length !== 4 || !bbox.every(Number.isFinite)) {
    return wrongType("bbox", bbox, "[x, y, width, height]");
  }
  const [x, y, width, height] = bbox as [number, number, number, number];
  if (width < 0 || height < 0) return fail({ problem: "box with a negative side", field: "bbox", found: `[${bbox}]` });
  return { x0: x, y0: y, x1: x + width, y1: y + height };
}

/** width * height, of a box that has been read. */
export function areaOfBox(fields: Fields): number {
  const [, , width, height] = fields.bbox as [number, number, number, number];
  return width * height;
}

export function lastTwoParts(path: string): string {
  return path.split("/").filter(Boolean).slice(-2).join("/");
}

function readSide(fields: Fields, field: string): number {
  const side = readInteger(fields, field);
  return side > 0 ? side : fail({ problem: "not a length in pixels", field, found: side });
}
