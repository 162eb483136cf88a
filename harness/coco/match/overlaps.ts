import type { Box, Size } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { areaOfBox } from "../../mask/iou.ts";
import { rleFromBox } from "../../mask/polygon.ts";
import { boxOf } from "../../mask/rle.ts";
import { RunTable } from "../../mask/runTable.ts";
import type { DetectionTable } from "../read/detections/detectionTable.ts";
import type { ScoredAnnotation } from "../read/scoredAnnotation.ts";
import type { MatchGroup } from "./match.ts";
import { iouThresholds, type OverlapType } from "./rules.ts";

/** A box with the area that the file's own width and height give. */
interface MeasuredBox extends Box {
  readonly areaPx: number;
}

const noBox: MeasuredBox = { x0: 0, y0: 0, x1: 0, y1: 0, areaPx: 0 };

/** The image on which a group is compared. */
export interface ImageFrame {
  /** Undefined where the truth gives no size: boxes can not be drawn there. */
  readonly size: Size | undefined;
  /** True where masks of another size than the annotation's match nothing. They are an error otherwise. */
  readonly foreignSizesMatchNothing: boolean;
}

/**
 * Computes areas and IoU of the detections and annotations of one group at a time; only the masks of that group are decoded.
 */
export class Overlaps {
  readonly #true = new RunTable();
  readonly #found = new RunTable();
  readonly #table: DetectionTable;
  readonly #type: OverlapType;
  /** True where the first detection has a box: loadRes and LVISResults then take areas of boxes, else of masks. */
  readonly #areasOfBoxes: boolean;
  readonly #lowest: number;

  /**
   * `first` is the detection that the reference tool finds first. `lowest` is the lowest overlap of consequence: a lower one is
   * as good as none.
   */
  constructor(table: DetectionTable, type: OverlapType, first: number, lowest: number = iouThresholds[0]!) {
    this.#lowest = lowest;
    this.#table = table;
    this.#type = type;
    this.#areasOfBoxes = table.count > 0 && table.hasBox(first);
  }

  /**
   * Fills in the group's overlaps and the areas that decide the size of a detection. Throws HarnessError where a mask is none.
   */
  fill(
    group: MatchGroup,
    detections: readonly number[],
    annotations: readonly ScoredAnnotation[],
    frame: ImageFrame,
  ): void {
    this.#found.clear();
    const drawn = annotations.length > 0;
    const places = detections.map((index) => this.#decoded(index, drawn ? frame.size : undefined));
    for (let d = 0; d < detections.length; d++) group.detectionAreas[d] = this.#areaOf(detections[d]!, places[d]!);
    if (annotations.length === 0) return;
    if (this.#type === "bbox") this.#fillBoxes(group, detections, annotations, places);
    else this.#fillMasks(group, detections, annotations, { places, frame });
  }

  /**
   * Returns the place of a detection's mask, drawn from its box where it has no other, as loadRes does; -1 where no mask is
   * needed or can be drawn.
   */
  #decoded(index: number, size: Size | undefined): number {
    const table = this.#table;
    if (table.hasMask(index)) {
      if (this.#type === "segm") return table.decodeMask(index, this.#found);
      const needed = !table.hasBox(index) || !this.#areasOfBoxes;
      return needed ? table.decodeMask(index, this.#found, "any") : -1;
    }
    if (this.#type === "bbox" || size === undefined) return -1;
    return this.#found.add(rleFromBox(table.boxOf(index), size));
  }

  #areaOf(index: number, place: number): number {
    const table = this.#table;
    const ofBox = table.hasBox(index) && (this.#areasOfBoxes || !table.hasMask(index));
    return ofBox ? table.boxAreaOf(index) : this.#found.areaOf(place);
  }

  #fillMasks(
    group: MatchGroup,
    detections: readonly number[],
    annotations: readonly ScoredAnnotation[],
    { places, frame }: { readonly places: readonly number[]; readonly frame: ImageFrame },
  ): void {
    const found = this.#found;
    const truth = this.#true;
    truth.clear();
    // Where masks are scored, the truth has no annotation without one.
    const masks = annotations.map(({ mask }) => mask!);
    for (const mask of masks) truth.add(mask);
    for (let d = 0, at = 0; d < places.length; d++) {
      const place = places[d]!;
      const area = found.areaOf(place);
      const size = this.#table.hasMask(detections[d]!) ? this.#table.sizeOf(detections[d]!) : frame.size!;
      for (let a = 0; a < masks.length; a++, at++) {
        if (!this.#ofOneSize(detections[d]!, { size, other: masks[a]!.size, frame })) continue;
        const other = truth.areaOf(a);
        const crowd = group.crowds[a] === 1;
        // Masks of areas this far apart reach no threshold however they lie.
        if (!crowd && Math.min(area, other) < this.#lowest * Math.max(area, other)) continue;
        const shared = found.sharedArea(place, truth, a);
        if (shared === 0) continue;
        // One detection is not to fill a crowd: the share of the detection counts.
        group.overlaps[at] = shared / (crowd ? area : area + other - shared);
      }
    }
  }

  #ofOneSize(
    index: number,
    { size, other, frame }: { readonly size: Size; readonly other: Size; readonly frame: ImageFrame },
  ): boolean {
    if (size.height === other.height && size.width === other.width) return true;
    if (frame.foreignSizesMatchNothing) return false;
    throw new HarnessError(
      `image ${this.#table.imageOf(index)}: a detection's mask is of another size than its image`,
      {
        found: [size.height, size.width],
        expected: [other.height, other.width],
        hint: "were the masks made on other photos?",
      },
    );
  }

  #fillBoxes(
    group: MatchGroup,
    detections: readonly number[],
    annotations: readonly ScoredAnnotation[],
    places: readonly number[],
  ): void {
    // Where boxes are scored, the truth has no annotation without one.
    const boxes = annotations.map(({ box, boxAreaPx }) => ({ ...box!, areaPx: boxAreaPx ?? areaOfBox(box!) }));
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

  /** Returns the box of a detection, or that of its mask where the file gives none. */
  #boxOf(index: number, place: number): MeasuredBox {
    const table = this.#table;
    if (table.hasBox(index)) return { ...table.boxOf(index), areaPx: table.boxAreaOf(index) };
    const box = boxOf(this.#found.rle(place, table.sizeOf(index)));
    return box === undefined ? noBox : { ...box, areaPx: areaOfBox(box) };
  }
}
