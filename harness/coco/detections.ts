import type { Box, Size } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { formatCounts } from "../mask/rleString.ts";
import { RunTable } from "../mask/runTable.ts";
import { DetectionScan } from "./detectionScan.ts";
import { type Detection, DetectionTable } from "./detectionTable.ts";
import { areaOfBox, readBox } from "./elements.ts";
import type { Fields } from "./fields.ts";
import { attempt, fail, faultError, fieldsOf, readInteger, readNumber, wrongType } from "./fields.ts";
import { walkJson } from "./json.ts";
import { decodeSegmentation, readSegmentation } from "./segmentation.ts";

export type { Detection } from "./detectionTable.ts";

/**
 * Reads a results file of COCO or LVIS (one array of image_id, category_id, score and bbox or segmentation, an RLE) as a stream,
 * in the order of the file. Masks are checked, and made when they are first asked for.
 * Throws HarnessError naming file, element and field at the first bad one: such files are written by programs, not by hand.
 */
export async function readDetections(file: string): Promise<readonly Detection[]> {
  const table = await readDetectionTable(file);
  const decoded = new RunTable();
  return Array.from({ length: table.count }, (_, index) => {
    decoded.clear();
    if (table.hasMask(index)) table.decodeMask(index, decoded);
    return table.at(index);
  });
}

/** As readDetections, by column; of a mask's string alone nothing is checked before it is decoded. */
export async function readDetectionTable(file: string): Promise<DetectionTable> {
  const table = new DetectionTable(file);
  const kinds = await walkJson(file, {
    elements: {
      "": (element, { index }) => {
        const read = attempt(() => toDetection(fieldsOf(element)));
        if ("fault" in read) throw faultError(file, `detection [${index}]`, read.fault);
        addDetection(table, read.value);
      },
    },
    scan: new DetectionScan(table).scan,
  });
  if (kinds.get("") === "array") return table;
  throw new HarnessError(`${file}: not a results file`, {
    found: `an object of ${[...kinds.keys()].join(", ")}`,
    expected: "one array of detections",
    hint: kinds.has("annotations") ? "this looks like an annotation file" : "a COCO or LVIS results JSON is meant",
  });
}

/** Adds one detection, its mask encoded. */
export function addDetection(table: DetectionTable, { image, category, score, box, boxAreaPx, mask }: Detection): void {
  table.add(image, category, score);
  if (box !== undefined) table.setBox(box, boxAreaPx ?? (box.x1 - box.x0) * (box.y1 - box.y0));
  if (mask !== undefined) table.setMask(table.masks.addCounts(formatCounts(mask)), mask.size);
}

function toDetection(fields: Fields): Detection {
  const detection = {
    image: readInteger(fields, "image_id"),
    category: readInteger(fields, "category_id"),
    score: readNumber(fields, "score"),
    ...boxOf(fields),
  };
  if (fields.segmentation !== undefined) return withMask(detection, fields);
  return "box" in detection ? detection : fail({ problem: "neither bbox nor segmentation", field: "bbox" });
}

function boxOf(fields: Fields): { box: Box; boxAreaPx: number } | undefined {
  if (fields.bbox === undefined) return undefined;
  return { box: readBox(fields), boxAreaPx: areaOfBox(fields) };
}

function withMask(detection: Omit<Detection, "mask">, fields: Fields): Detection {
  const { size: sides } = fieldsOf(fields.segmentation, "segmentation");
  if (!Array.isArray(sides) || sides.length !== 2 || !sides.every((side) => Number.isSafeInteger(side) && side > 0)) {
    return wrongType("segmentation.size", sides, "[height, width]");
  }
  const size: Size = { height: sides[0], width: sides[1] };
  return { ...detection, mask: decodeSegmentation(readSegmentation(fields, size), size) };
}
