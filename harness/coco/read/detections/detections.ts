import type { ImageId, Size } from "../../../api.ts";
import { HarnessError } from "../../../errors.ts";
import { formatCounts } from "../../../mask/rleString.ts";
import { RunTable } from "../../../mask/runTable.ts";
import type { Attempt, Fields } from "../../json/fields.ts";
import { attempt, FieldFault, fail, faultError, fieldsOf, numberOf, present, wrongType } from "../../json/fields.ts";
import { idMembers } from "../../json/ids.ts";
import { walkJson } from "../../json/json.ts";
import { type MeasuredBox, readBox } from "../box.ts";
import { decodeSegmentation, readSegmentation, type Segmentation } from "../segmentation.ts";
import { DetectionScan } from "./detectionScan.ts";
import { type Detection, DetectionTable } from "./detectionTable.ts";

export type { Detection } from "./detectionTable.ts";

/**
 * Reads a results file of COCO or LVIS (one array of image_id, category_id, score and bbox or segmentation) as a stream, in the
 * order of the file. Masks are checked, and made when they are first asked for; polygons are drawn on images of `sizeOf`.
 * Throws HarnessError naming file, element and field at the first bad one: such files are written by programs, not by hand.
 */
export async function readDetections(
  file: string,
  sizeOf: (image: ImageId) => Size | undefined = () => undefined,
): Promise<readonly Detection[]> {
  const table = await readDetectionTable(file);
  table.drawPolygons(sizeOf);
  const decoded = new RunTable();
  return Array.from({ length: table.count }, (_, index) => {
    decoded.clear();
    for (const flaw of ["bad box", "bad mask"] as const)
      if (table.hasFlaw(index, flaw)) throw faultError(file, `detection [${index}]`, table.faultOf(flaw));
    if (table.hasMask(index)) table.decodeMask(index, decoded);
    return table.at(index);
  });
}

/**
 * Reads what `readDetections` reads, into a table. Nothing of a mask's string is checked before it is decoded, and a box or a
 * mask that can not be used is marked, since it may not be needed.
 */
export async function readDetectionTable(file: string): Promise<DetectionTable> {
  const table = new DetectionTable(file);
  const kinds = await walkJson(file, {
    elements: {
      "": (element, { index }) => {
        const added = attempt(() => addElement(table, fieldsOf(element)));
        if (added.fault !== undefined) throw faultError(file, `detection [${index}]`, added.fault);
      },
    },
    ids: idMembers,
    scans: { "": new DetectionScan(table) },
  });
  if (kinds.get("") === "array") return table;
  throw new HarnessError(`${file}: not a results file`, {
    found: `an object of ${[...kinds.keys()].join(", ")}`,
    expected: "one array of detections",
    hint: kinds.has("annotations") ? "this looks like an annotation file" : "a COCO or LVIS results JSON is meant",
  });
}

/** Adds one detection to a table and encodes its mask. */
export function addDetection(table: DetectionTable, { image, category, score, box, boxAreaPx, mask }: Detection): void {
  table.add(image, category, score);
  if (box !== undefined) table.setBox(box, boxAreaPx ?? (box.x1 - box.x0) * (box.y1 - box.y0));
  if (mask !== undefined) table.setMask(table.masks.addCounts(formatCounts(mask)), mask.size);
}

/** Adds one element of the file. Throws FieldFault where neither box nor mask can be used. */
function addElement(table: DetectionTable, fields: Fields): void {
  const image = table.ids.image.read(fields, "image_id");
  const category = table.ids.category.read(fields, "category_id");
  const score = readScore(fields);
  const box = partOf(isAbsent(fields.bbox), () => readBox(fields.bbox, "numbers"));
  const mask = partOf(fields.segmentation === undefined, () => readMask(fields.segmentation));
  if (box === undefined && mask === undefined) fail({ problem: "neither bbox nor segmentation", field: "bbox" });
  const usable = [box, mask].some((part) => part !== undefined && part.fault === undefined);
  if (!usable) throw new FieldFault((box?.fault ?? mask?.fault)!);
  table.add(image, category, score);
  if (box !== undefined) addBox(table, box, fields);
  if (mask !== undefined) addMask(table, mask);
}

function partOf<T>(absent: boolean, read: () => T): Attempt<T> | undefined {
  return absent ? undefined : attempt(read);
}

/** Tells whether there is no box: loadRes of pycocotools takes an empty list for none, too. */
function isAbsent(bbox: unknown): boolean {
  return bbox === undefined || bbox === null || (Array.isArray(bbox) && bbox.length === 0);
}

function addBox(table: DetectionTable, part: Attempt<MeasuredBox>, { bbox }: Fields): void {
  if (part.fault !== undefined) {
    table.setFlaw("bad box", part.fault);
    return;
  }
  const { box, areaPx, surplus } = part.value;
  table.setBox(box, areaPx);
  if (surplus === 0) return;
  const found = (bbox as readonly unknown[]).length;
  table.setFlaw("long box", {
    problem: "box of more than four numbers",
    field: "bbox",
    found,
    expected: "[x, y, width, height]",
  });
}

function addMask(table: DetectionTable, part: Attempt<Segmentation>): void {
  if (part.fault !== undefined) table.setFlaw("bad mask", part.fault);
  else if (part.value.kind === "polygons") table.setPolygons(part.value.polygons);
  else {
    const { size } = part.value;
    table.setMask(table.masks.addCounts(formatCounts(decodeSegmentation(part.value, size))), size);
  }
}

/** Reads a score, which is any number but NaN: nothing can be sorted by NaN. */
function readScore(fields: Fields): number {
  const value = present(fields, "score");
  const score = numberOf(value);
  if (score === undefined) return wrongType("score", value, "a number");
  return Number.isNaN(score) ? fail({ problem: "not a number", field: "score", found: "NaN" }) : score;
}

/** Reads a mask. Polygons are drawn later, once the size of their image is known. */
function readMask(value: unknown): Segmentation {
  return readSegmentation(value, Array.isArray(value) ? { size: { height: 0, width: 0 } } : {}).segmentation;
}
