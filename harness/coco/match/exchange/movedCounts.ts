import type { Cell } from "../cells.ts";
import { everyThreshold } from "../match.ts";
import { iouThresholds } from "../rules.ts";

const thresholds = iouThresholds.length;

/**
 * Holds the counts of a cell's detections, each in a slot: hits by limit and threshold, then by threshold those that are neither a
 * hit nor a mistake, then all. An exchange moves the counts of a pair of images from side to side, so that its sums follow from what the two
 * have in all and from the few pairs in which they differ.
 */
export interface MovedCounts {
  /** Counts of each side by slot, while nothing is exchanged. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** One entry for each pair and slot in which the sides differ: by how much the second has more. */
  readonly pairs: Uint32Array;
  readonly slots: Uint8Array;
  readonly more: Int32Array;
}

/** Returns the slot of hits within a limit, given by its place, and not within the one before, at a threshold. */
export function hitSlot(limit: number, threshold: number): number {
  return limit * thresholds + threshold;
}

/** Returns the slot of detections that are neither a hit nor a mistake at a threshold. */
export function neitherSlot(limits: number, threshold: number): number {
  return limits * thresholds + threshold;
}

/** Returns the slot of all detections, which is the last. */
export function allSlot(limits: number): number {
  return (limits + 1) * thresholds;
}

/** Counts the detections of one cell after the other, of images of which 2i and 2i + 1 are a pair. */
export class MoveCounter {
  readonly #limits: number;
  readonly #slots: number;
  /** Holds what the second image of a pair has more, at pair * slots + slot; between two cells it is 0 everywhere. */
  readonly #more: Int32Array;

  constructor(limits: number, images: number) {
    this.#limits = limits;
    this.#slots = allSlot(limits) + 1;
    this.#more = new Int32Array((images / 2) * this.#slots);
  }

  count(cell: Cell): MovedCounts {
    const { images, limits, hits, misses } = cell;
    const sides = [new Int32Array(this.#slots), new Int32Array(this.#slots)] as const;
    const touched: number[] = [];
    const add = (image: number, slot: number) => {
      const side = image & 1;
      sides[side as 0 | 1][slot]!++;
      const at = (image >>> 1) * this.#slots + slot;
      if (this.#more[at] === 0) touched.push(at);
      this.#more[at]! += 2 * side - 1;
    };
    for (let i = 0; i < images.length; i++) {
      add(images[i]!, allSlot(this.#limits));
      for (let t = 0; hits[i]! >>> t > 0; t++) if ((hits[i]! & (1 << t)) !== 0) add(images[i]!, hitSlot(limits[i]!, t));
      const neither = everyThreshold & ~(hits[i]! | misses[i]!);
      for (let t = 0; neither >>> t > 0; t++)
        if ((neither & (1 << t)) !== 0) add(images[i]!, neitherSlot(this.#limits, t));
    }
    return { first: sides[0], second: sides[1], ...this.#taken(touched) };
  }

  /** Takes out what is left at these places, each of which may come more than once. */
  #taken(touched: readonly number[]): Pick<MovedCounts, "pairs" | "slots" | "more"> {
    const pairs: number[] = [];
    const slots: number[] = [];
    const more: number[] = [];
    for (const at of touched) {
      if (this.#more[at] === 0) continue;
      pairs.push(Math.floor(at / this.#slots));
      slots.push(at % this.#slots);
      more.push(this.#more[at]!);
      this.#more[at] = 0;
    }
    return { pairs: Uint32Array.from(pairs), slots: Uint8Array.from(slots), more: Int32Array.from(more) };
  }
}
