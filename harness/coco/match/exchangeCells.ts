import type { Cell } from "./cells.ts";
import { everyThreshold } from "./match.ts";
import { iouThresholds, recallThresholds } from "./rules.ts";

const thresholds = iouThresholds.length;

/** Exchanges are summed this many at once: a power of two, whose state stays in a near cache. With 32 it took 1.1 times as long. */
export const exchangesAtOnce = 128;

/** Number of lanes: lane e has the first side of exchange e, lane `exchangesAtOnce` + e its second. */
export const lanes = 2 * exchangesAtOnce;

/**
 * Computes what `Accumulator` computes, for many exchanges at once. Images 2i and 2i + 1 are one image with the results of two sides,
 * and each side of an exchange counts one of them once and the other not at all. So a detection belongs to one of the two lanes of
 * every exchange, and the detections are gone through once for all. A run of equal scores needs no care, because no image has copies.
 */
export class ExchangeAccumulator {
  readonly #limits: number;
  /** Holds the lane of image 2i less e for exchange e, at place i * exchangesAtOnce + e. */
  readonly #laneOf: Uint8Array;
  /** Hits of each lane by threshold, at place threshold * lanes + lane, and by limit before that. */
  readonly #found = new Int32Array(thresholds * lanes);
  readonly #foundWithin: Int32Array;
  /** Detections of each lane, and those that are neither a hit nor a mistake at a threshold: the others are one of the two. */
  readonly #detections = new Int32Array(lanes);
  readonly #neither = new Int32Array(thresholds * lanes);
  /** State by threshold and lane while the detections are gone through from the last to the first. */
  readonly #highest = new Float64Array(thresholds * lanes);
  readonly #precision = new Float64Array(thresholds * lanes);
  readonly #recall: Float64Array;
  /** Recall points by number of annotations to find, as `pointsOf` has them. */
  readonly #points = new Map<number, Uint8Array>();

  constructor(limits: number, images: number) {
    this.#limits = limits;
    this.#laneOf = new Uint8Array((images / 2) * exchangesAtOnce);
    this.#foundWithin = new Int32Array(limits * thresholds * lanes);
    this.#recall = new Float64Array(limits * thresholds * lanes);
  }

  /** Puts an exchange into a place below `exchangesAtOnce`: it has a 1 for each pair of images that changes sides, else 0. */
  set(place: number, exchanged: Uint8Array): void {
    for (let i = 0, at = place; at < this.#laneOf.length; i++, at += exchangesAtOnce)
      this.#laneOf[at] = exchanged[i]! * exchangesAtOnce;
  }

  /** Counts the hits of a cell, of which the figures below are made. */
  count({ images, limits, hits }: Cell): void {
    const within = this.#foundWithin.fill(0);
    const laneOf = this.#laneOf;
    for (let i = 0; i < images.length; i++) {
      if (hits[i] === 0) continue;
      const row = rowOf(images[i]!);
      const side = sideOf(images[i]!);
      for (let t = 0; t < thresholds; t++) {
        if ((hits[i]! & (1 << t)) === 0) continue;
        const first = (limits[i]! * thresholds + t) * lanes;
        for (let e = 0; e < exchangesAtOnce; e++) within[first + e + (laneOf[row + e]! ^ side)]!++;
      }
    }
    // From here on, what is found within a limit is found within the next one too.
    const step = thresholds * lanes;
    for (let at = step; at < within.length; at++) within[at]! += within[at - step]!;
  }

  /**
   * Returns the recalls of the cell that was counted, where so many annotations are to be found, at place (limit * thresholds +
   * threshold) * lanes + lane. The next call overwrites them.
   */
  recalls(positives: number): Float64Array {
    for (let at = 0; at < this.#recall.length; at++) this.#recall[at] = this.#foundWithin[at]! / positives;
    return this.#recall;
  }

  /**
   * Returns the mean precision over the 101 recall points of the cell that was counted, where so many annotations are to be found, at
   * place threshold * lanes + lane. The next call overwrites it. It goes from the last detection to the first, as `Accumulator` goes
   * through its points.
   */
  precisions(cell: Cell, positives: number): Float64Array {
    const { images, hits, misses } = cell;
    this.#found.set(this.#foundWithin.subarray((this.#limits - 1) * thresholds * lanes));
    this.#detections.fill(0);
    this.#neither.fill(0);
    this.#highest.fill(0);
    this.#precision.fill(0);
    for (let i = 0; i < images.length; i++) this.#addDetection(images[i]!, hits[i]! | misses[i]!, 1);
    const points = this.#pointsOf(positives);
    for (let i = images.length - 1; i >= 0; i--) {
      const image = images[i]!;
      if (hits[i] !== 0)
        for (let t = 0; t < thresholds; t++) if ((hits[i]! & (1 << t)) !== 0) this.#takeHit(image, t, points);
      this.#addDetection(image, hits[i]! | misses[i]!, -1);
    }
    for (let at = 0; at < this.#precision.length; at++) this.#precision[at]! /= recallThresholds.length;
    return this.#precision;
  }

  /** Adds a detection that is a hit or a mistake at these thresholds, or takes it back. */
  #addDetection(image: number, counted: number, count: 1 | -1): void {
    const row = rowOf(image);
    const side = sideOf(image);
    const laneOf = this.#laneOf;
    const detections = this.#detections;
    for (let e = 0; e < exchangesAtOnce; e++) detections[e + (laneOf[row + e]! ^ side)]! += count;
    if (counted === everyThreshold) return;
    const neither = this.#neither;
    for (let t = 0; t < thresholds; t++) {
      if ((counted & (1 << t)) !== 0) continue;
      const first = t * lanes;
      for (let e = 0; e < exchangesAtOnce; e++) neither[first + e + (laneOf[row + e]! ^ side)]! += count;
    }
  }

  /** Takes a hit at one threshold: its precision, or a higher one of a later hit, holds for the recalls that it reached. */
  #takeHit(image: number, t: number, points: Uint8Array): void {
    const row = rowOf(image);
    const side = sideOf(image);
    const first = t * lanes;
    const laneOf = this.#laneOf;
    const allFound = this.#found;
    const detections = this.#detections;
    const neither = this.#neither;
    const allHighest = this.#highest;
    const sums = this.#precision;
    for (let e = 0; e < exchangesAtOnce; e++) {
      const lane = e + (laneOf[row + e]! ^ side);
      const at = first + lane;
      const found = allFound[at]!;
      allFound[at] = found - 1;
      // All that counted up to here is a hit or a mistake. The reference tools add the spacing of doubles at 1 against 0 / 0.
      const precision = found / (detections[lane]! - neither[at]! + Number.EPSILON);
      let highest = allHighest[at]!;
      if (precision > highest) {
        highest = precision;
        allHighest[at] = precision;
      }
      // Added one by one: a product would round otherwise than `Accumulator` does.
      for (let left = points[found]!; left > 0; left--) sums[at]! += highest;
    }
  }

  /** Returns for each number of hits how many recall points its last hit reaches that the one before it did not. */
  #pointsOf(positives: number): Uint8Array {
    const known = this.#points.get(positives);
    if (known !== undefined) return known;
    const points = new Uint8Array(positives + 1);
    let point = 0;
    for (let found = 1; found <= positives; found++)
      for (; point < recallThresholds.length && recallThresholds[point]! <= found / positives; point++)
        points[found]!++;
    this.#points.set(positives, points);
    return points;
  }
}

/** Returns where the lanes of an image's pair begin. */
function rowOf(image: number): number {
  return (image >>> 1) * exchangesAtOnce;
}

/** Returns what turns the lane of a pair's first image into that of this image. */
function sideOf(image: number): number {
  return (image & 1) * exchangesAtOnce;
}
