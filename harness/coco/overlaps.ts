import type { Box, Size } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { rleFromBox } from "../mask/polygon.ts";
import { RunTable } from "../mask/runTable.ts";
import type { DetectionTable } from "./detectionTable.ts";
import type { ScoredAnnotation } from "./groundTruth.ts";
import type { MatchGroup } from "./match.ts";

/** What overlaps are measured between: masks, or boxes. */
export type OverlapType = "segm" | "bbox";

/** A box with the area that the file's own width and height give. */
interface MeasuredBox extends Box {
  readonly areaPx: number;
}

const noBox: MeasuredBox = { x0: 0, y0: 0, x1: 0, y1: 0, areaPx: 0 };

/** The IoU of detections and annotations; the masks of the annotations of one group at a time are kept. */
export class Overlaps {
  /** Of the annotations of the group at hand, and of a detection that is a box alone. */
  readonly #true = new RunTable();
  readonly #drawn = new RunTable();
  readonly #table: DetectionTable;
  readonly #type: OverlapType;
  /** As loadRes and LVISResults: where the first detection has a box, areas are those of boxes, else of masks. */
  readonly #areasOfBoxes: boolean;

  constructor(table: DetectionTable, type: OverlapType) {
    this.#table = table;
    this.#type = type;
    this.#areasOfBoxes = table.count > 0 && table.hasBox(0);
  }

  /** By which the size of a detection goes. */
  areaOf(index: number): number {
    const table = this.#table;
    const ofBox = table.hasBox(index) && (this.#areasOfBoxes || !table.hasMask(index));
    return ofBox ? table.boxAreaOf(index) : table.masks.areaOf(table.maskIndexOf(index));
  }

  /** Fills the group's overlaps. Throws HarnessError where masks are of two sizes. */
  fill(group: MatchGroup, detections: readonly number[], annotations: readonly ScoredAnnotation[]): void {
    if (this.#type === "bbox") this.#fillBoxes(group, detections, annotations);
    else this.#fillMasks(group, detections, annotations);
  }

  #fillMasks(group: MatchGroup, detections: readonly number[], annotations: readonly ScoredAnnotation[]): void {
    this.#true.clear();
    const masks = annotations.map(({ mask }) => mask);
    for (const { counts, size } of masks) this.#true.add(counts, size.height);
    for (const [d, index] of detections.entries()) {
      const { table, place } = this.#maskOf(index, masks[0]!.size);
      for (let a = 0; a < masks.length; a++) {
        const shared = table.sharedArea(place, this.#true, a);
        if (shared === 0) continue;
        const area = table.areaOf(place);
        // One detection is not to fill a crowd: the share of the detection counts.
        const whole = group.crowds[a] === 1 ? area : area + this.#true.areaOf(a) - shared;
        group.overlaps[d * masks.length + a] = shared / whole;
      }
    }
  }

  /** The detection's mask in its table; that of its box where it has no other, as loadRes draws it. */
  #maskOf(index: number, size: Size): { readonly table: RunTable; readonly place: number } {
    const table = this.#table;
    if (!table.hasMask(index)) {
      this.#drawn.clear();
      return { table: this.#drawn, place: this.#drawn.add(rleFromBox(table.boxOf(index), size).counts, size.height) };
    }
    const found = table.sizeOf(index);
    if (found.height !== size.height || found.width !== size.width) {
      throw new HarnessError(`image ${table.imageOf(index)}: a detection's mask is of another size than its image`, {
        ...{ found: [found.height, found.width], expected: [size.height, size.width] },
        hint: "were the masks made on other photos?",
      });
    }
    return { table: table.masks, place: table.maskIndexOf(index) };
  }

  #fillBoxes(group: MatchGroup, detections: readonly number[], annotations: readonly ScoredAnnotation[]): void {
    const boxes = annotations.map(({ box, boxAreaPx }) => {
      return { ...box, areaPx: boxAreaPx ?? (box.x1 - box.x0) * (box.y1 - box.y0) };
    });
    for (const [d, index] of detections.entries()) {
      const found = this.#boxOf(index);
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
  #boxOf(index: number): MeasuredBox {
    const table = this.#table;
    if (table.hasBox(index)) return { ...table.boxOf(index), areaPx: table.boxAreaOf(index) };
    const box = table.masks.boxOf(table.maskIndexOf(index));
    return box === undefined ? noBox : { ...box, areaPx: (box.x1 - box.x0) * (box.y1 - box.y0) };
  }
}
