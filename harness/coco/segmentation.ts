import type { Rle, Size } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { rleFromPolygons } from "../mask/polygon.ts";
import { rleFromCounts } from "../mask/rle.ts";
import { parseCounts } from "../mask/rleString.ts";
import type { Fields } from "./fields.ts";
import { fail, fieldsOf, sketch, wrongType } from "./fields.ts";
import { NumberLists } from "./numberLists.ts";

/** A mask as the file writes it, checked but not decoded. */
export type Segmentation =
  | { readonly kind: "polygons"; readonly polygons: NumberLists }
  | { readonly kind: "rle"; readonly counts: string | readonly number[] };

/** Polygons pixel for pixel as pycocotools; time grows with the outline, not with the area. */
export function decodeSegmentation(segmentation: Segmentation, size: Size): Rle {
  if (segmentation.kind === "polygons") return rleFromPolygons(segmentation.polygons.views(), size);
  const { counts } = segmentation;
  return typeof counts === "string" ? parseCounts(counts, size, "RLE") : rleFromCounts(counts, size, "RLE");
}

/**
 * Reads the field `segmentation`: a list of polygons, an uncompressed RLE, or a COCO string. `size` is the image's.
 * Throws FieldFault for no mask, an empty polygon, an odd number of coordinates, and run lengths that do not fill the image.
 */
export function readSegmentation(fields: Fields, size: Size): Segmentation {
  const value = fields.segmentation;
  if (value === undefined || value === null) return fail({ problem: "no mask", field: "segmentation" });
  if (value instanceof NumberLists) return { kind: "polygons", polygons: checkPolygons(value) };
  if (typeof value !== "object") return wrongType("segmentation", value, "polygons or an RLE");
  if (!Array.isArray(value)) return readRle(value, size);
  if (value.length === 0) return fail({ problem: "no mask", field: "segmentation", found: "[]" });
  for (let i = 0; i < value.length; i++) requireNumbers(value[i], `segmentation[${i}]`);
  return { kind: "polygons", polygons: checkPolygons(NumberLists.from(value as number[][])) };
}

function requireNumbers(polygon: unknown, field: string): void {
  if (!Array.isArray(polygon)) wrongType(field, polygon, "a list of coordinates");
  const wrong = polygon.findIndex((coordinate) => !Number.isFinite(coordinate));
  if (wrong >= 0) wrongType(`${field}[${wrong}]`, polygon[wrong], "a number");
}

function checkPolygons(polygons: NumberLists): NumberLists {
  let start = 0;
  for (let i = 0; i < polygons.ends.length; i++) {
    checkLengthOf(polygons.ends[i]! - start, `segmentation[${i}]`);
    start = polygons.ends[i]!;
  }
  return polygons;
}

function checkLengthOf(coordinates: number, field: string): void {
  if (coordinates === 0) fail({ problem: "empty polygon", field });
  if (coordinates % 2 === 1) fail({ problem: "odd number of coordinates in a polygon", field, found: coordinates });
  if (coordinates < 6) fail({ problem: "polygon of fewer than 3 points", field, found: coordinates / 2 });
}

/** `value` is { size: [height, width], counts }; `size` is the image's. */
function readRle(value: unknown, size: Size): Segmentation {
  const { counts, size: given } = fieldsOf(value, "segmentation");
  if (!Array.isArray(given) || given[0] !== size.height || given[1] !== size.width) {
    fail({
      problem: "RLE of another size than its image",
      field: "segmentation.size",
      found: sketch(given),
      expected: `[${size.height},${size.width}]`,
    });
  }
  if (typeof counts !== "string" && !isCounts(counts)) {
    return wrongType("segmentation.counts", counts, "a string or a list of run lengths");
  }
  const segmentation: Segmentation = { kind: "rle", counts };
  checkLength(segmentation, size);
  return segmentation;
}

/** Run lengths are decoded once to see that they fill the image: nothing shorter tells. */
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
