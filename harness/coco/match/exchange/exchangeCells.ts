import type { Cell } from "../cells.ts";
import { everyThreshold } from "../match.ts";
import { iouThresholds, recallThresholds } from "../rules.ts";
import { allSlot, hitSlot, type MovedCounts, neitherSlot } from "./movedCounts.ts";

const thresholds = iouThresholds.length;

/** Exchanges are summed this many at once: a power of two, whose state stays in a near cache. */
export const exchangesAtOnce = 64;

/** Number of lanes: lane e has the first side of exchange e, lane `exchangesAtOnce` + e its second. */
export const lanes = 2 * exchangesAtOnce;

/** Holds a cell, the counts that exchanges move, and the number of annotations to find, which each side has in full. */
export interface ExchangedCell {
  readonly cell: Cell;
  readonly moved: MovedCounts;
  readonly positives: number;
}

/**
 * Computes what `Accumulator` computes, for many exchanges at once. Images 2i and 2i + 1 are one image with the results of two sides,
 * and each side of an exchange counts one of them once and the other not at all. So a detection belongs to one of the two lanes of
 * every exchange, and the detections are gone through once for all. A run of equal scores needs no care, because no image has copies.
 */
export class ExchangeAccumulator {
  readonly #limits: number;
  readonly #slots: number;
  /** Holds the lane of image 2i in exchange e, at place i * exchangesAtOnce + e. */
  readonly #laneOf: Uint8Array;
  /** Counts of the cell at hand, at place lane * slots + slot. */
  readonly #counts: Int32Array;
  /** State by lane while the detections are gone through from the last to the first: how many are left. */
  readonly #all = new Int32Array(lanes);
  /** More of it, at place lane * thresholds + threshold: how many of these are hits, and how many neither hits nor mistakes. */
  readonly #found = new Int32Array(lanes * thresholds);
  readonly #neither = new Int32Array(lanes * thresholds);
  readonly #highest = new Float64Array(lanes * thresholds);
  readonly #precision = new Float64Array(lanes * thresholds);
  readonly #recall: Float64Array;
  /** Recall points by number of annotations to find, as `pointsOf` has them. */
  readonly #points = new Map<number, Uint8Array>();

  constructor(limits: number, images: number) {
    this.#limits = limits;
    this.#slots = allSlot(limits) + 1;
    this.#laneOf = new Uint8Array((images / 2) * exchangesAtOnce);
    this.#counts = new Int32Array(lanes * this.#slots);
    this.#recall = new Float64Array(lanes * limits * thresholds);
  }

  /** Puts an exchange into a place below `exchangesAtOnce`: it has a 1 for each pair of images that changes sides, else 0. */
  set(place: number, exchanged: Uint8Array): void {
    for (let i = 0, at = place; at < this.#laneOf.length; i++, at += exchangesAtOnce)
      this.#laneOf[at] = place + exchanged[i]! * exchangesAtOnce;
  }

  /** Counts the detections of a cell in every lane, of which the figures below are made. */
  count({ moved: { first, second, pairs, slots, more } }: ExchangedCell): void {
    const counts = this.#counts;
    for (let lane = 0; lane < lanes; lane++) counts.set(lane < exchangesAtOnce ? first : second, lane * this.#slots);
    for (let i = 0; i < pairs.length; i++) this.#move(pairs[i]!, slots[i]!, more[i]!);
    // From here on, what is found within a limit is found within the next one too.
    const last = hitSlot(this.#limits, 0);
    for (let start = 0; start < counts.length; start += this.#slots)
      for (let slot = thresholds; slot < last; slot++) counts[start + slot]! += counts[start + slot - thresholds]!;
  }

  /** Moves what the second side of a pair has more to the first, in each exchange in which the pair changes sides. */
  #move(pair: number, slot: number, more: number): void {
    const laneOf = this.#laneOf;
    const counts = this.#counts;
    const second = exchangesAtOnce * this.#slots;
    for (let e = 0, at = slot; e < exchangesAtOnce; e++, at += this.#slots) {
      const moved = laneOf[pair * exchangesAtOnce + e]! < exchangesAtOnce ? 0 : more;
      counts[at]! += moved;
      counts[at + second]! -= moved;
    }
  }

  /**
   * Returns the recalls of the cell that was counted, at place (lane * limits + limit) * thresholds + threshold. The next call
   * overwrites them.
   */
  recalls({ positives }: ExchangedCell): Float64Array {
    const wide = this.#limits * thresholds;
    for (let lane = 0; lane < lanes; lane++)
      for (let at = 0; at < wide; at++)
        this.#recall[lane * wide + at] = this.#counts[lane * this.#slots + at]! / positives;
    return this.#recall;
  }

  /**
   * Returns the mean precision over the 101 recall points of the cell that was counted, at place lane * thresholds + threshold. The
   * next call overwrites it. It goes from the last detection to the first, as `Accumulator` goes through its points.
   */
  precisions({ cell: { images, hits, misses }, positives }: ExchangedCell): Float64Array {
    this.#begin();
    const points = this.#pointsOf(positives);
    for (let i = images.length - 1; i >= 0; i--) {
      const image = images[i]!;
      if (hits[i] !== 0) this.#takeHits(image, hits[i]!, points);
      this.#takeBack(image);
      const neither = everyThreshold & ~(hits[i]! | misses[i]!);
      if (neither !== 0) this.#takeBackNeither(image, neither);
    }
    for (let at = 0; at < this.#precision.length; at++) this.#precision[at]! /= recallThresholds.length;
    return this.#precision;
  }

  #begin(): void {
    this.#highest.fill(0);
    this.#precision.fill(0);
    const found = hitSlot(this.#limits - 1, 0);
    const neither = neitherSlot(this.#limits, 0);
    for (let lane = 0; lane < lanes; lane++) {
      const counts = this.#counts.subarray(lane * this.#slots, (lane + 1) * this.#slots);
      this.#found.set(counts.subarray(found, found + thresholds), lane * thresholds);
      this.#neither.set(counts.subarray(neither, neither + thresholds), lane * thresholds);
      this.#all[lane] = counts[allSlot(this.#limits)]!;
    }
  }

  #takeBack(image: number): void {
    const row = rowOf(image);
    const side = sideOf(image);
    const laneOf = this.#laneOf;
    const all = this.#all;
    for (let e = 0; e < exchangesAtOnce; e++) all[laneOf[row + e]! ^ side]!--;
  }

  /** Takes back what a detection adds to those that are neither hits nor mistakes, at the thresholds whose bits are set. */
  #takeBackNeither(image: number, bits: number): void {
    const row = rowOf(image);
    const side = sideOf(image);
    const laneOf = this.#laneOf;
    const neither = this.#neither;
    for (let e = 0; e < exchangesAtOnce; e++) {
      let at = (laneOf[row + e]! ^ side) * thresholds;
      for (let left = bits; left > 0; left >>= 1, at++) neither[at]! -= left & 1;
    }
  }

  /**
   * Takes a detection that is a hit at the thresholds whose bits are set: its precision, or a higher one of a later hit, holds for
   * the recalls that it reached.
   */
  #takeHits(image: number, hits: number, points: Uint8Array): void {
    const row = rowOf(image);
    const side = sideOf(image);
    const laneOf = this.#laneOf;
    const all = this.#all;
    const allFound = this.#found;
    const neither = this.#neither;
    const allHighest = this.#highest;
    const sums = this.#precision;
    for (let e = 0; e < exchangesAtOnce; e++) {
      const lane = laneOf[row + e]! ^ side;
      const here = all[lane]!;
      let at = lane * thresholds;
      for (let left = hits; left > 0; left >>= 1, at++) {
        if ((left & 1) === 0) continue;
        const found = allFound[at]!;
        allFound[at] = found - 1;
        // All that counted up to here is a hit or a mistake. The reference tools add the spacing of doubles at 1 against 0 / 0.
        const precision = found / (here - neither[at]! + Number.EPSILON);
        let highest = allHighest[at]!;
        if (precision > highest) {
          highest = precision;
          allHighest[at] = precision;
        }
        // Added point by point: a product would round otherwise than `Accumulator` does. Most hits reach one point or none, for which
        // a product is exact, and spares a branch that is guessed wrong half of the time.
        const reached = points[found]!;
        sums[at]! += highest * (reached & 1);
        for (let more = reached >> 1; more > 0; more--) sums[at] = sums[at]! + highest + highest;
      }
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
