import type { ImageId, Size } from "../../../api.ts";
import { HarnessError } from "../../../errors.ts";
import { faultError } from "../../json/fields.ts";
import type { OverlapType } from "../../match/rules.ts";
import type { DetectionTable, Flaw } from "./detectionTable.ts";

/** Returns what a results file holds; undefined for an empty file. */
export function heldBy(detections: DetectionTable): "masks" | "boxes" | "both" | undefined {
  let masks = false;
  let boxes = false;
  for (let i = 0; i < detections.count && !(masks && boxes); i++) {
    masks ||= detections.hasMask(i);
    boxes ||= detections.hasBox(i);
  }
  if (masks && boxes) return "both";
  return masks ? "masks" : boxes ? "boxes" : undefined;
}

/** Throws HarnessError where the box or the mask of a detection can not be used and there is no mask to tell its box. */
export function requireUsable(detections: DetectionTable, index: number, file: string): void {
  for (const flaw of ["bad box", "bad mask"] as const)
    if (detections.hasFlaw(index, flaw) && !detections.hasMask(index))
      throw faultError(file, `detection [${index}]`, detections.faultOf(flaw));
}

interface Needs {
  readonly type: OverlapType;
  /** The results file, for messages. */
  readonly file: string;
  readonly sizeOf: (image: ImageId) => Size | undefined;
}

/**
 * Throws HarnessError at the first detection that lacks what is scored, or holds it in a form that is none. As in pycocotools,
 * boxes are needed where masks are scored only if the first detection has one: areas are then those of boxes.
 */
export function requireParts(detections: DetectionTable, { type, file, sizeOf }: Needs): void {
  const areasOfBoxes = detections.count > 0 && detections.hasBox(0);
  const flawed = (index: number, flaw: Flaw) => {
    if (detections.hasFlaw(index, flaw)) throw faultError(file, `detection [${index}]`, detections.faultOf(flaw));
  };
  for (let i = 0; i < detections.count; i++) {
    if (type === "bbox") {
      flawed(i, "bad box");
      flawed(i, "long box");
      if (!detections.hasBox(i)) flawed(i, "bad mask");
      continue;
    }
    flawed(i, "bad mask");
    if (areasOfBoxes || !detections.hasMask(i)) flawed(i, "bad box");
    if (detections.hasMask(i) || sizeOf(detections.imageOf(i)) !== undefined) continue;
    throw new HarnessError(`image ${detections.imageOf(i)}: has no size, by which a box is drawn as a mask`, {
      expected: "height and width in the annotation file",
      hint: "--type bbox scores boxes as boxes",
    });
  }
}
