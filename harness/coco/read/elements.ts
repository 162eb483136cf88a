import type { Category, ImageId, ImageRecord, Size } from "../../api.ts";
import { limits } from "../../limits.ts";
import type { Fault, Fields } from "../json/fields.ts";
import { attempt, fail, faultError, numberOf, present, readNumber, sketch, textOf, wrongType } from "../json/fields.ts";
import type { FileIds } from "../json/ids.ts";
import { readBox } from "./box.ts";
import type { Entry } from "./entries.ts";
import type { FileImage } from "./fileImage.ts";
import { isForeign, readSegmentation, type Segmentation } from "./segmentation.ts";

/** An image with all that a dataset needs of it. */
export type AnnotatedImage = FileImage & ImageRecord;

export interface AnnotatedCategory extends Category {
  /** LVIS: in the training set; `frequency` goes by it. */
  readonly imageCount?: number;
  /** What stands in place of a frequency: LVIS is not scored without. */
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
    fileName: "value" in fileName ? fileName.value : undefined,
    size: "value" in size ? size.value : undefined,
    faults:
      "fault" in fileName || "fault" in size
        ? {
            fileName: "fault" in fileName ? fileName.fault : undefined,
            size: "fault" in size ? size.fault : undefined,
          }
        : undefined,
    url,
    negativeCategories,
    notExhaustiveCategories,
  };
}

/** The images, each with a photo's name and sides. Throws HarnessError at the first that lacks them. */
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

/** An annotation with what only masks or only boxes are scored by as far as it can be read; the faults say why it is not here. */
export interface ReadEntry {
  readonly entry: Entry;
  readonly mask?: Fault;
  readonly box?: Fault;
  /** What is odd about a mask that is read all the same. */
  readonly oddity?: Fault;
  /** What is odd about the annotation besides. */
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
  const segmentation: Segmentation | undefined = "value" in mask ? mask.value.segmentation : undefined;
  return {
    entry: {
      ...common,
      box: "value" in box ? box.value.box : undefined,
      boxAreaPx: "value" in box ? box.value.areaPx : undefined,
      segmentation,
      foreign: isForeign(segmentation, image.size) ? true : undefined,
    },
    ...("fault" in mask ? { mask: mask.fault } : mask.value.oddity === undefined ? {} : { oddity: mask.value.oddity }),
    box: "fault" in box ? box.fault : undefined,
    crowdOddity: crowd.oddity,
  };
}

/**
 * As COCOeval takes `iscrowd`: what Python holds for true keeps the annotation out of the figures, and what int() makes another
 * number than 0 is a crowd as well. LVIS has no crowds and no such field, so that what is no number keeps no annotation out there.
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

/** As Python's bool(); most files have no such field. */
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

/** Cut to a whole number, as pycocotools cuts it; 0 is taken by it as well. */
function readSide(fields: Fields, field: string): number {
  const side = Math.trunc(readNumber(fields, field));
  return side >= 0 ? side : fail({ problem: "not a length in pixels", field, found: side });
}
