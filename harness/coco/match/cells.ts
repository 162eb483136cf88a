import type { Category } from "../../api.ts";
import type { Matches } from "./evaluate.ts";
import { everyThreshold } from "./match.ts";
import { iouThresholds, recallThresholds } from "./rules.ts";

const thresholds = iouThresholds.length;

/**
 * The detections of one category and split that are a hit or a mistake at some threshold, by falling score. `runEnds` says
 * where the next image or score begins: equal scores of one image stay together when the image counts twice.
 */
export interface Cell {
  readonly positives: Matches["positives"][number];
  readonly images: Uint32Array;
  readonly runEnds: Uint32Array;
  /** Place of the first limit that the detection is within. */
  readonly limits: Uint8Array;
  readonly hits: Uint16Array;
  readonly misses: Uint16Array;
}

/** A cell, and what decides which summaries count it. */
export interface SplitCell {
  readonly cell: Cell;
  /** Id of its split. */
  readonly split: string;
  readonly frequency: Category["frequency"];
}

/** Figures of one category and split, with images weighted. */
export interface CellFigures {
  /** Number of annotations to find; where it is 0 there are no figures. */
  readonly positives: number;
  /** Mean precision over the 101 recall points, for each threshold. */
  readonly precision: Float64Array;
  /** Recall for each limit, and within it for each threshold. */
  readonly recall: Float64Array;
}

/**
 * Returns the cell of one split and one category, which is given by its place in `matches.categories`; undefined where no image
 * has anything to find.
 */
export function cellOf(matches: Matches, category: number, split: number): Cell | undefined {
  const { rules, ends } = matches;
  const positives = matches.positives[category * rules.splits.length + split]!;
  if (positives.images.length === 0) return undefined;
  const counted = countedOf(matches, split, { from: ends[category - 1] ?? 0, to: ends[category]! });
  const { length } = counted;
  const cell = {
    positives,
    images: new Uint32Array(length),
    runEnds: new Uint32Array(length),
    limits: new Uint8Array(length),
    hits: new Uint16Array(length),
    misses: new Uint16Array(length),
  };
  fillCell(cell, counted, matches, split);
  return cell;
}

/** Returns the detections of a part of the order that are a hit or a mistake in the split. */
function countedOf(
  { order, hits: allHits, misses: allMisses }: Matches,
  split: number,
  { from, to }: { readonly from: number; readonly to: number },
): Uint32Array {
  const hits = allHits[split]!;
  const misses = allMisses[split]!;
  const counted = new Uint32Array(to - from);
  let count = 0;
  for (let i = from; i < to; i++) {
    const index = order[i]!;
    if (hits[index] !== 0 || misses[index] !== 0) counted[count++] = index;
  }
  return counted.subarray(0, count);
}

function fillCell(cell: Cell, counted: Uint32Array, matches: Matches, split: number): void {
  const { imageOf, rankOf, scoreOf, rules } = matches;
  const hits = matches.hits[split]!;
  const misses = matches.misses[split]!;
  let nextImage = -1;
  let nextScore = 0;
  for (let i = counted.length - 1; i >= 0; i--) {
    const index = counted[i]!;
    const image = imageOf[index]!;
    const score = scoreOf[index]!;
    cell.runEnds[i] = image === nextImage && score === nextScore ? cell.runEnds[i + 1]! : i + 1;
    cell.images[i] = image;
    cell.limits[i] = placeOf(rankOf[index]!, rules.limits);
    cell.hits[i] = hits[index]!;
    cell.misses[i] = misses[index]!;
    nextImage = image;
    nextScore = score;
  }
}

/** Returns the place of the first limit that the rank is within. */
function placeOf(rank: number, limits: readonly number[]): number {
  let place = 0;
  while (rank >= limits[place]!) place++;
  return place;
}

/**
 * Computes precision at fixed recalls, and recall, as `accumulate` of both tools does, from cells in which an image may count
 * many times.
 */
export class Accumulator {
  /** State of the cell at hand by threshold: hits and mistakes so far, and both at each hit that is the last of its kind. */
  readonly #found = new Float64Array(thresholds);
  readonly #wrong = new Float64Array(thresholds);
  readonly #points = new Int32Array(thresholds);
  #foundAt = new Float64Array(0);
  #wrongAt = new Float64Array(0);
  readonly #foundWithin: Float64Array;
  readonly #figures: { positives: number; readonly precision: Float64Array; readonly recall: Float64Array };
  /** Number of mistakes at every threshold, as most mistakes are. */
  #wrongAll = 0;
  #capacity = 0;

  constructor(limits: number) {
    this.#foundWithin = new Float64Array(limits * thresholds);
    this.#figures = {
      positives: 0,
      precision: new Float64Array(thresholds),
      recall: new Float64Array(limits * thresholds),
    };
  }

  /** Returns the figures of a cell. `weights[i]` is how often image i counts. The next call overwrites what is returned. */
  accumulate(cell: Cell, weights: Uint32Array): CellFigures {
    const figures = this.#figures;
    figures.positives = 0;
    for (let i = 0; i < cell.positives.images.length; i++) {
      figures.positives += cell.positives.counts[i]! * weights[cell.positives.images[i]!]!;
    }
    if (figures.positives === 0) return figures;
    this.#walk(cell, weights);
    for (let t = 0; t < thresholds; t++) {
      figures.precision[t] = this.#precisionAt(t);
      let found = 0;
      for (let at = t; at < figures.recall.length; at += thresholds) {
        found += this.#foundWithin[at]!;
        figures.recall[at] = found / figures.positives;
      }
    }
    return figures;
  }

  #walk({ images, runEnds, limits, hits, misses }: Cell, weights: Uint32Array): void {
    this.#found.fill(0);
    this.#wrong.fill(0);
    this.#points.fill(0);
    this.#foundWithin.fill(0);
    this.#wrongAll = 0;
    this.#capacity = this.#roomFor(images, runEnds, weights);
    for (let start = 0; start < images.length; ) {
      const end = runEnds[start]!;
      const weight = weights[images[start]!]!;
      // Of several with equal scores, each copy of the image brings all before the next copy brings its own.
      const [rounds, each] = end === start + 1 ? [1, weight] : [weight, 1];
      for (let round = 0; round < rounds && each > 0; round++) {
        for (let i = start; i < end; i++) this.#take(hits[i]!, misses[i]!, limits[i]!, each);
      }
      start = end;
    }
  }

  /** Makes room, and returns the largest number of points that can come at one threshold. */
  #roomFor(images: Uint32Array, runEnds: Uint32Array, weights: Uint32Array): number {
    let most = 0;
    for (let i = 0; i < images.length; i++) {
      const weight = weights[images[i]!]!;
      most += runEnds[i] === i + 1 && (i === 0 || runEnds[i - 1] === i) ? Math.min(weight, 1) : weight;
    }
    if (this.#foundAt.length < most * thresholds) {
      this.#foundAt = new Float64Array(2 * most * thresholds);
      this.#wrongAt = new Float64Array(2 * most * thresholds);
    }
    return most;
  }

  /**
   * Takes a detection into the sums. The precision of a run of hits is highest at its last, and what it is at a mistake never
   * counts, because recall does not rise there. So a point is kept for a hit alone, and one for all copies of it.
   */
  #take(hits: number, misses: number, limit: number, weight: number): void {
    if (misses === everyThreshold) {
      this.#wrongAll += weight;
      return;
    }
    for (let t = 0; t < thresholds; t++) {
      const bit = 1 << t;
      if ((hits & bit) !== 0) {
        this.#found[t]! += weight;
        this.#foundWithin[limit * thresholds + t]! += weight;
        const at = t * this.#capacity + this.#points[t]!++;
        this.#foundAt[at] = this.#found[t]!;
        this.#wrongAt[at] = this.#wrong[t]! + this.#wrongAll;
      } else if ((misses & bit) !== 0) this.#wrong[t]! += weight;
    }
  }

  /**
   * Returns the mean over the recall points of the highest precision at that recall or a higher one; it is 0 where a recall is
   * never reached.
   */
  #precisionAt(t: number): number {
    const first = t * this.#capacity;
    let point = recallThresholds.length - 1;
    let highest = 0;
    let sum = 0;
    for (let at = first + this.#points[t]! - 1; at >= first; at--) {
      const found = this.#foundAt[at]!;
      const recall = found / this.#figures.positives;
      // Only at the last point: what lies above is never reached.
      while (recallThresholds[point]! > recall) point--;
      // The reference tools add the spacing of doubles at 1 against 0 / 0.
      highest = Math.max(highest, found / (this.#wrongAt[at]! + found + Number.EPSILON));
      const below = at > first ? this.#foundAt[at - 1]! / this.#figures.positives : -1;
      for (; point >= 0 && recallThresholds[point]! > below; point--) sum += highest;
    }
    return sum / recallThresholds.length;
  }
}
