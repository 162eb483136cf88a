import type { Box, Rle, Size } from "../../api.ts";
import { drawPolygon } from "../../mask/polygon.ts";
import type { RunTable } from "../../mask/runTable.ts";
import type { EntryStore } from "./entries.ts";
import type { DrawnMask, ScoredAnnotation } from "./scoredAnnotation.ts";
import { decodeSegmentation } from "./segmentation.ts";

const noSize: Size = { height: 0, width: 0 };

/**
 * An annotation of a file to score against, as the store has it. It is made anew each time that its image is asked for, so that
 * its fields are few, and its mask is drawn into a table of runs.
 */
export class ScoredEntry implements ScoredAnnotation, DrawnMask {
  readonly id: number;
  readonly image: number;
  readonly category: number;
  readonly areaPx: number;
  readonly crowd: boolean;
  readonly ignored: boolean | undefined;
  readonly uncounted: boolean | undefined;
  readonly box: Box | undefined;
  readonly boxAreaPx: number | undefined;
  readonly size: Size;
  readonly #store: EntryStore;
  readonly #address: number;

  /** `image` is the size of the image; polygons are read only where it has one, and an RLE has its own. */
  constructor(store: EntryStore, address: number, image: Size = noSize) {
    const entry = store.get(address);
    this.id = entry.id;
    this.image = entry.image;
    this.category = entry.category;
    this.areaPx = entry.areaPx;
    this.crowd = entry.crowd;
    this.ignored = entry.ignored;
    this.uncounted = entry.uncounted;
    this.box = entry.box;
    this.boxAreaPx = entry.boxAreaPx;
    this.size = store.sizeOf(address) ?? image;
    this.#store = store;
    this.#address = address;
  }

  get mask(): Rle | undefined {
    if (!this.#store.has(this.#address, "mask")) return undefined;
    return decodeSegmentation(this.#store.segmentation(this.#address), this.size);
  }

  get drawn(): DrawnMask {
    return this;
  }

  into(table: RunTable): number {
    const polygon = this.#store.polygon(this.#address);
    return polygon === undefined ? table.add(this.mask!) : drawPolygon(polygon, this.size, table);
  }
}
