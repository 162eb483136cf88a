import type { Box } from "../../api.ts";
import { fail, floatOf, numberOf, sketch, wrongType } from "../json/fields.ts";

export interface MeasuredBox {
  readonly box: Box;
  /** Product of width and height as the file gives them: from the corners the product differs in its last bits. */
  readonly areaPx: number;
  /** Count of the numbers behind the fourth. They stand in the way of a comparison of boxes alone. */
  readonly surplus: number;
}

/**
 * Values that count as numbers of a box: where annotations are compared, numpy makes floats of texts too; arithmetic does not.
 */
type Accepted = "numbers" | "Python's numbers";

/**
 * Reads [x, y, width, height] into corners; only this and the writer know the former.
 * Throws FieldFault for what is missing, is no such list, is not finite, or has a negative side.
 */
export function readBox(bbox: unknown, accepted: Accepted): MeasuredBox {
  if (bbox === undefined || bbox === null) return fail({ problem: "missing field", field: "bbox" });
  const most = accepted === "numbers" ? Number.POSITIVE_INFINITY : 4;
  if (!Array.isArray(bbox) || bbox.length < 4 || bbox.length > most)
    return wrongType("bbox", bbox, "[x, y, width, height]");
  const numbers = bbox.slice(0, 4).map(accepted === "numbers" ? numberOf : floatOf);
  if (numbers.includes(undefined)) return wrongType("bbox", bbox, "[x, y, width, height]");
  const [x, y, width, height] = numbers as [number, number, number, number];
  if (!numbers.every(Number.isFinite))
    return fail({ problem: "box of a side that is not finite", field: "bbox", found: sketch(bbox) });
  if (width < 0 || height < 0) return fail({ problem: "box with a negative side", field: "bbox", found: sketch(bbox) });
  return { box: { x0: x, y0: y, x1: x + width, y1: y + height }, areaPx: width * height, surplus: bbox.length - 4 };
}
