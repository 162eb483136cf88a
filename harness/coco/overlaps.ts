import type { Box, Size } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { rleFromBox } from "../mask/polygon.ts";
import { boxOf } from "../mask/rle.ts";
import { RunTable } from "../mask/runTable.ts";
import type { DetectionTable } from "./detectionTable.ts";
import type { ScoredAnnotation } from "./groundTruth.ts";
import type { MatchGroup } from "./match.ts";
import { iouThresholds } from "./rules.ts";

/** What overlaps are measured between: masks, or boxes. */
export type OverlapType = "segm" | "bbox";

/** A box with the area that the file's own width and height give. */
interface MeasuredBox extends Box {
  readonly areaPx: number;
}

/** An overlap below it is as good as none. */
const lowest = iouThresholds[0]!;

const noBox: MeasuredBox = { x0: 0, y0: 0, x1: 0, y1: 0, areaPx: 0 };

/** Areas and IoU of one group's detections and annotations at a time; the masks of a group alone are decoded. */
export class Overlaps {
  readonly #true = new RunTable();
  readonly #found = new RunTable();
  readonly #table: DetectionTable;
  readonly #type: OverlapType;
  /** As loadRes and LVISResults: where the first detection has a box, areas are those of boxes, else of masks. */
  readonly #areasOfBoxes: boolean;

  constructor(table: DetectionTable, type: OverlapType) {
    this.#table = table;
    this.#type = type;
    this.#areasOfBoxes = table.count > 0 && table.hasBox(0);
  }

  /** Fills the group's overlaps and the areas by which the size of a detection goes. Throws HarnessError where a mask is none. */
  fill(group: MatchGroup, detections: readonly number[], annotations: readonly ScoredAnnotation[]): void {
    this.#found.clear();
    const places = detections.map((index) => this.#decoded(index, annotations[0]?.mask.size));
    for (let d = 0; d < detections.length; d++) group.detectionAreas[d] = this.#areaOf(detections[d]!, places[d]!);
    if (annotations.length === 0) return;
    if (this.#type === "bbox") this.#fillBoxes(group, detections, annotations, places);
    else this.#fillMasks(group, annotations, places);
  }

  /** Place of its mask, drawn from its box where it has no other, as loadRes does; -1 where none is needed or can be drawn. */
  #decoded(index: number, size: Size | undefined): number {
    const table = this.#table;
    if (table.hasMask(index)) {
      if (this.#type === "segm" && size !== undefined) this.#requireSize(index, size);
      const needed = this.#type === "segm" || !table.hasBox(index) || !this.#areasOfBoxes;
      return needed ? table.decodeMask(index, this.#found) : -1;
    }
    if (this.#type === "bbox" || size === undefined) return -1;
    return this.#found.add(rleFromBox(table.boxOf(index), size));
  }

  #requireSize(index: number, size: Size): void {
    const found = this.#table.sizeOf(index);
    if (found.height === size.height && found.width === size.width) return;
    const image = this.#table.imageOf(index);
    throw new HarnessError(`image ${image}: a detection's mask is of another size than its image`, {
      ...{ found: [found.height, found.width], expected: [size.height, size.width] },
      hint: "were the masks made on other photos?",
    });
  }

  #areaOf(index: number, place: number): number {
    const table = this.#table;
    const ofBox = table.hasBox(index) && (this.#areasOfBoxes || !table.hasMask(index));
    return ofBox ? table.boxAreaOf(index) : this.#found.areaOf(place);
  }

  #fillMasks(group: MatchGroup, annotations: readonly ScoredAnnotation[], places: readonly number[]): void {
    const found = this.#found;
    const truth = this.#true;
    truth.clear();
    for (const { mask } of annotations) truth.add(mask);
    for (let d = 0, at = 0; d < places.length; d++) {
      const place = places[d]!;
      const area = found.areaOf(place);
      for (let a = 0; a < annotations.length; a++, at++) {
        const other = truth.areaOf(a);
        const crowd = group.crowds[a] === 1;
        // Masks of areas this far apart reach no threshold however they lie.
        if (!crowd && Math.min(area, other) < lowest * Math.max(area, other)) continue;
        const shared = found.sharedArea(place, truth, a);
        if (shared === 0) continue;
        // One detection is not to fill a crowd: the share of the detection counts.
        group.overlaps[at] = shared / (crowd ? area : area + other - shared);
      }
    }
  }

  #fillBoxes(
    group: MatchGroup,
    detections: readonly number[],
    annotations: readonly ScoredAnnotation[],
    places: readonly number[],
  ): void {
    const boxes = annotations.map(({ box, boxAreaPx }) => {
      return { ...box, areaPx: boxAreaPx ?? (box.x1 - box.x0) * (box.y1 - box.y0) };
    });
    for (const [d, index] of detections.entries()) {
      const found = this.#boxOf(index, places[d]!);
      for (const [a, box] of boxes.entries()) {
        const width = Math.min(found.x1, box.x1) - Math.max(found.x0, box.x0);
        const height = Math.min(found.y1, box.y1) - Math.max(found.y0, box.y0);
        if (width <= 0 || height <= 0) continue;
        const shared = width * height;
        const whole = group.crowds[a] === 1 ? found.areaPx : found.areaPx + box.areaPx - shared;
        group.overlaps[d * boxes.length + a] = shared / whole;
      }
    }
  }

  /** That of its mask where the file gives none. */
  #boxOf(index: number, place: number): MeasuredBox {
    const table = this.#table;
    if (table.hasBox(index)) return { ...table.boxOf(index), areaPx: table.boxAreaOf(index) };
    const box = boxOf(this.#found.rle(place, table.sizeOf(index)));
    return box === undefined ? noBox : { ...box, areaPx: (box.x1 - box.x0) * (box.y1 - box.y0) };
  }
}
