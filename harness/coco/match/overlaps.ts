import type { Box, Size } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { grown } from "../../mask/columns.ts";
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

/** A bound is compared with a hair's breadth to spare, so that rounding leaves out no overlap of exactly the lowest. */
const nearly = 1 - 1e-12;

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
  /** Place of each detection's mask in `found`; it is -1 where there is none. */
  #places: Int32Array = new Int32Array(0);
  /** Size of each annotation's mask. */
  readonly #sizes: Size[] = [];

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
    this.#places = grown(this.#places, detections.length);
    for (let d = 0; d < detections.length; d++) {
      const place = this.#decoded(detections[d]!, drawn ? frame.size : undefined);
      this.#places[d] = place;
      group.detectionAreas[d] = this.#areaOf(detections[d]!, place);
    }
    if (annotations.length === 0) return;
    if (this.#type === "bbox") this.#fillBoxes(group, detections, annotations);
    else this.#fillMasks(group, detections, annotations, frame);
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
    frame: ImageFrame,
  ): void {
    const truth = this.#true;
    truth.clear();
    this.#sizes.length = 0;
    for (const annotation of annotations) {
      const { drawn } = annotation;
      // Where masks are scored, the truth has no annotation without one.
      this.#sizes.push(drawn?.size ?? annotation.mask!.size);
      if (drawn === undefined) truth.add(annotation.mask!);
      else drawn.into(truth);
    }
    for (let d = 0; d < detections.length; d++) this.#fillRow(group, d, detections[d]!, frame);
  }

  /** Fills in the overlaps of one detection. */
  #fillRow(group: MatchGroup, d: number, index: number, frame: ImageFrame): void {
    const found = this.#found;
    const truth = this.#true;
    const lowest = this.#lowest;
    const place = this.#places[d]!;
    const area = found.areaOf(place);
    const { annotations } = group;
    const ofImage = this.#table.hasMask(index) ? undefined : frame.size!;
    for (let a = 0; a < annotations; a++) {
      const size = this.#sizes[a]!;
      if (!this.#ofOneSize(index, ofImage, size, frame)) continue;
      const other = truth.areaOf(a);
      const crowd = group.crowds[a] === 1;
      // Masks of areas this far apart reach no threshold however they lie.
      if (!crowd && Math.min(area, other) < lowest * Math.max(area, other)) continue;
      // Nor do masks whose boxes meet in too few pixels. A mask that is the only one is most likely met, and needs no box.
      if (annotations > 1) {
        const most = found.sharedBound(place, truth, a, size.height);
        if (most === 0 || (!crowd && most * (1 + lowest) < lowest * (area + other) * nearly)) continue;
      }
      const shared = found.sharedArea(place, truth, a);
      if (shared === 0) continue;
      // One detection is not to fill a crowd: the share of the detection counts.
      group.overlaps[d * annotations + a] = shared / (crowd ? area : area + other - shared);
    }
  }

  /** Tells whether a detection's mask, drawn on its image where it has none of its own, is of an annotation's size. */
  #ofOneSize(index: number, ofImage: Size | undefined, other: Size, frame: ImageFrame): boolean {
    const same =
      ofImage === undefined
        ? this.#table.isOfSize(index, other)
        : ofImage.height === other.height && ofImage.width === other.width;
    if (same) return true;
    if (frame.foreignSizesMatchNothing) return false;
    const { height, width } = ofImage ?? this.#table.sizeOf(index);
    throw new HarnessError(
      `image ${this.#table.imageOf(index)}: a detection's mask is of another size than its image`,
      {
        found: [height, width],
        expected: [other.height, other.width],
        hint: "were the masks made on other photos?",
      },
    );
  }

  #fillBoxes(group: MatchGroup, detections: readonly number[], annotations: readonly ScoredAnnotation[]): void {
    // Where boxes are scored, the truth has no annotation without one.
    const boxes = annotations.map(({ box, boxAreaPx }) => ({ ...box!, areaPx: boxAreaPx ?? areaOfBox(box!) }));
    for (const [d, index] of detections.entries()) {
      const found = this.#boxOf(index, this.#places[d]!);
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
