import type { Rle, Size } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { rleFromPolygons } from "../../mask/polygon.ts";
import { rleFromCounts } from "../../mask/rle.ts";
import { parseCounts } from "../../mask/rleString.ts";
import type { Fault } from "../json/fields.ts";
import { attempt, fail, fieldsOf, floatOf, sketch, wrongType } from "../json/fields.ts";
import { NumberLists } from "../json/numberLists.ts";
import type { FileImage } from "./fileImage.ts";

/** A mask as the file writes it, checked but not decoded. An RLE has its own size, which may differ from the image's. */
export type Segmentation =
  | { readonly kind: "polygons"; readonly polygons: NumberLists }
  | { readonly kind: "rle"; readonly counts: string | readonly number[]; readonly size: Size };

/**
 * Decodes a mask. Polygons are drawn pixel for pixel as pycocotools draws them, on an image of `size`; the time grows with the
 * outline, not with the area.
 */
export function decodeSegmentation(segmentation: Segmentation, size: Size): Rle {
  if (segmentation.kind === "polygons") return rleFromPolygons(segmentation.polygons.views(), size);
  const { counts, size: own } = segmentation;
  return typeof counts === "string" ? parseCounts(counts, own, "RLE") : rleFromCounts(counts, own, "RLE");
}

/** A mask, with its oddity if it has one. pycocotools takes the mask in the same way. */
export interface ReadSegmentation {
  readonly segmentation: Segmentation;
  readonly oddity?: Fault;
}

/** Tells whether the mask has a size of its own that is not the image's. */
export function isForeign(segmentation: Segmentation | undefined, size: Size | undefined): boolean {
  if (segmentation?.kind !== "rle" || size === undefined) return false;
  return segmentation.size.height !== size.height || segmentation.size.width !== size.width;
}

/**
 * Reads a `segmentation`: a list of polygons, an uncompressed RLE, or a COCO string. Polygons need the image's size.
 * As frPyObjects of pycocotools, a coordinate without its pair is passed over, and so is a part of few points beside good ones.
 * Throws FieldFault for no mask, polygons that pycocotools refuses, and run lengths that do not fill their size.
 */
export function readSegmentation(value: unknown, image: Pick<FileImage, "size" | "faults">): ReadSegmentation {
  if (value === undefined || value === null) return fail({ problem: "no mask", field: "segmentation" });
  if (value instanceof NumberLists) return readPolygons(value, image);
  if (typeof value !== "object") return wrongType("segmentation", value, "polygons or an RLE");
  if (!Array.isArray(value)) return readRle(value, image.size);
  if (value.length === 0) return fail({ problem: "no mask", field: "segmentation", found: "[]" });
  return readPolygons(NumberLists.from(value.map((part, i) => numbersOf(part, `segmentation[${i}]`))), image);
}

function numbersOf(polygon: unknown, field: string): readonly number[] {
  if (!Array.isArray(polygon)) return wrongType(field, polygon, "a list of coordinates");
  return polygon.map((coordinate, i) => floatOf(coordinate) ?? wrongType(`${field}[${i}]`, coordinate, "a number"));
}

function readPolygons(polygons: NumberLists, { size, faults }: Pick<FileImage, "size" | "faults">): ReadSegmentation {
  if (size === undefined) return fail(faults?.size ?? { problem: "image without a size", field: "segmentation" });
  const { ends, values } = polygons;
  const first = ends[0]!;
  if (first === 0) return fail({ problem: "empty polygon", field: "segmentation[0]" });
  // The number of coordinates of the first part tells pycocotools what the list is: four are no polygon to it.
  if (first < 5) return fail({ problem: "polygon of fewer than 3 points", field: "segmentation[0]", found: first / 2 });
  for (let i = 0; i < ends.at(-1)!; i++) {
    if (Math.abs(values[i]!) <= limits.polygonCoordinatePx) continue;
    const expected = `-${limits.polygonCoordinatePx} to ${limits.polygonCoordinatePx} px`;
    return fail({ problem: "polygon far outside of any image", field: "segmentation", found: values[i], expected });
  }
  const oddity = surplusOf(ends);
  return { segmentation: { kind: "polygons", polygons }, oddity };
}

function surplusOf(ends: readonly number[]): Fault | undefined {
  for (let i = 0, start = 0; i < ends.length; start = ends[i++]!) {
    const coordinates = ends[i]! - start;
    const field = `segmentation[${i}]`;
    if (coordinates < 6)
      return { problem: "part of fewer than 3 points is passed over", field, found: coordinates / 2 };
    if (coordinates % 2 === 1)
      return { problem: "coordinate without its pair is passed over", field, found: coordinates };
  }
  return undefined;
}

/** Reads an RLE: `value` is { size: [height, width], counts }. */
function readRle(value: unknown, image: Size | undefined): ReadSegmentation {
  const { counts, size: given } = fieldsOf(value, "segmentation");
  const size = readSides(given);
  if (typeof counts !== "string" && !isCounts(counts)) {
    return wrongType("segmentation.counts", counts, "a string or a list of run lengths");
  }
  // As rleFrString takes an empty string, and rleInit no runs: nothing is inside.
  const runs = counts.length === 0 ? [size.height * size.width] : counts;
  const segmentation: Segmentation = { kind: "rle", counts: runs, size };
  if (!isForeign(segmentation, image)) {
    checkLength(segmentation, size);
    return { segmentation };
  }
  const oddity: Fault = {
    problem: "RLE of another size than its image matches nothing",
    field: "segmentation.size",
    found: sketch(given),
    expected: `[${image!.height},${image!.width}]`,
  };
  // Nothing is compared with it, so that its runs need not fill it.
  return {
    segmentation: fills(segmentation, size) ? segmentation : { ...segmentation, counts: [size.height * size.width] },
    oddity,
  };
}

/** Reads the [height, width] of a mask. Throws FieldFault where the value is no size, and for more pixels than are read. */
function readSides(value: unknown): Size {
  const sides = Array.isArray(value) && value.length === 2 ? value : [];
  const [height, width] = sides as unknown[];
  if (
    !Number.isSafeInteger(height) ||
    !Number.isSafeInteger(width) ||
    !((height as number) >= 0 && (width as number) >= 0)
  )
    return wrongType("segmentation.size", value, "[height, width]");
  const size = { height: height as number, width: width as number };
  if (size.height * size.width > limits.imagePixels)
    fail({
      problem: "mask of more pixels than are read",
      field: "segmentation.size",
      found: sketch(value),
      expected: `at most ${limits.imagePixels} px`,
    });
  return size;
}

function fills(segmentation: Segmentation, size: Size): boolean {
  return attempt(() => checkLength(segmentation, size)).fault === undefined;
}

/** Decodes the run lengths once to see that they fill their size: nothing shorter tells. */
function checkLength(segmentation: Segmentation, size: Size): void {
  try {
    decodeSegmentation(segmentation, size);
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    fail({ problem: "RLE of the wrong length", field: "segmentation.counts", found: error.message });
  }
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(Number.isSafeInteger);
}
