import type { GroupWeights } from "../../api.ts";
import type { Cell, CellFigures } from "./cells.ts";
import { iouThresholds, recallThresholds } from "./rules.ts";

const thresholds = iouThresholds.length;

/** Figures of a cell for each weighting, in it for each group that counts otherwise than the others. */
type GroupFigures = readonly (readonly (CellFigures & { positives: number })[])[];

/**
 * Computes what `Accumulator` computes, for many weightings at once. In each of them one group of images counts `counted` times
 * and all others `others` times, so that its sums follow from two numbers: the sum over all images, and that over the group. A
 * detection changes them for its own group alone, so that the detections are gone through once, and only hits, of which there are
 * at most as many as annotations, cost a step for every weighting.
 */
export class GroupAccumulator {
  /** Number of groups. */
  readonly groups: number;
  readonly #groupOf: Uint8Array;
  readonly #weightings: readonly GroupWeights[];
  readonly #figures: GroupFigures;
  /** Annotations to find, hits and mistakes at one threshold, of each group. */
  readonly #positives: Float64Array;
  readonly #found: Float64Array;
  readonly #wrong: Float64Array;
  /** Hits of each group by limit. */
  readonly #foundWithin: Float64Array;
  /** State of a weighting while the hits are gone through from the last to the first. */
  readonly #highest: Float64Array;
  readonly #sum: Float64Array;
  readonly #point: Int32Array;
  /** Annotations to find under a weighting. */
  readonly #wanted: Float64Array;

  constructor(limits: number, groupOf: Uint8Array, weightings: readonly GroupWeights[]) {
    const groups = groupOf.reduce((most, group) => Math.max(most, group + 1), 0);
    this.groups = groups;
    this.#groupOf = groupOf;
    this.#weightings = weightings;
    this.#figures = weightings.map(() =>
      Array.from({ length: groups }, () => ({
        positives: 0,
        precision: new Float64Array(thresholds),
        recall: new Float64Array(limits * thresholds),
      })),
    );
    this.#positives = new Float64Array(groups);
    this.#found = new Float64Array(groups);
    this.#wrong = new Float64Array(groups);
    this.#foundWithin = new Float64Array(limits * groups);
    const lanes = weightings.length * groups;
    this.#highest = new Float64Array(lanes);
    this.#sum = new Float64Array(lanes);
    this.#point = new Int32Array(lanes);
    this.#wanted = new Float64Array(lanes);
  }

  /** Returns the figures of a cell. The next call overwrites what is returned. */
  accumulate(cell: Cell): GroupFigures {
    this.#countPositives(cell);
    for (let t = 0; t < thresholds; t++) {
      this.#countHits(cell, t);
      this.#recallAt(t);
      this.#precisionAt(cell, t);
    }
    return this.#figures;
  }

  #countPositives({ positives }: Cell): void {
    this.#positives.fill(0);
    let all = 0;
    for (let i = 0; i < positives.images.length; i++) {
      const count = positives.counts[i]!;
      this.#positives[this.#groupOf[positives.images[i]!]!]! += count;
      all += count;
    }
    for (const [w, { counted, others }] of this.#weightings.entries())
      for (let g = 0; g < this.groups; g++) {
        const wanted = others * all - (others - counted) * this.#positives[g]!;
        this.#figures[w]![g]!.positives = wanted;
        this.#wanted[w * this.groups + g] = wanted;
      }
  }

  /** Counts hits and mistakes of one threshold, of all images and of each group. */
  #countHits({ images, limits, hits, misses }: Cell, t: number): void {
    const bit = 1 << t;
    const groups = this.groups;
    const found = this.#found.fill(0);
    const wrong = this.#wrong.fill(0);
    const within = this.#foundWithin.fill(0);
    for (let i = 0; i < images.length; i++) {
      const group = this.#groupOf[images[i]!]!;
      if ((hits[i]! & bit) !== 0) {
        found[group]!++;
        within[limits[i]! * groups + group]!++;
      } else if ((misses[i]! & bit) !== 0) wrong[group]!++;
    }
  }

  #recallAt(t: number): void {
    const groups = this.groups;
    const within = this.#foundWithin;
    // From here on, what is found within a limit is found within the next one too.
    for (let at = groups; at < within.length; at++) within[at]! += within[at - groups]!;
    for (let limit = 0; limit * groups < within.length; limit++) {
      let all = 0;
      for (let g = 0; g < groups; g++) all += within[limit * groups + g]!;
      for (const [w, { counted, others }] of this.#weightings.entries())
        for (let g = 0; g < groups; g++) {
          const figures = this.#figures[w]![g]!;
          const found = others * all - (others - counted) * within[limit * groups + g]!;
          figures.recall[limit * thresholds + t] = found / figures.positives;
        }
    }
  }

  /** Goes through the detections from the last to the first, as `Accumulator` goes through its points. */
  #precisionAt({ images, runEnds, hits, misses }: Cell, t: number): void {
    const bit = 1 << t;
    this.#highest.fill(0);
    this.#sum.fill(0);
    this.#point.fill(recallThresholds.length - 1);
    let found = sumOf(this.#found);
    let wrong = sumOf(this.#wrong);
    for (let end = images.length; end > 0 && found > 0; ) {
      const start = firstOfRun(runEnds, end);
      const group = this.#groupOf[images[start]!]!;
      if (end === start + 1) {
        if ((hits[start]! & bit) !== 0) {
          this.#takeHit(group, found, wrong);
          found--;
          this.#found[group]!--;
        } else if ((misses[start]! & bit) !== 0) {
          wrong--;
          this.#wrong[group]!--;
        }
      } else {
        for (let i = start; i < end; i++) {
          if ((hits[i]! & bit) !== 0) {
            found--;
            this.#found[group]!--;
          } else if ((misses[i]! & bit) !== 0) {
            wrong--;
            this.#wrong[group]!--;
          }
        }
        this.#takeRun({ hits, misses, start, end, bit, group }, found, wrong);
      }
      end = start;
    }
    for (const [w, figures] of this.#figures.entries())
      for (let g = 0; g < this.groups; g++)
        figures[g]!.precision[t] = this.#sum[w * this.groups + g]! / recallThresholds.length;
  }

  /**
   * Takes one hit into every weighting. `found` and `wrong` are the sums over all images up to it. It does what `#takePoint` does;
   * a call for each weighting took 1.7 times as long.
   */
  #takeHit(group: number, found: number, wrong: number): void {
    const groups = this.groups;
    const foundOf = this.#found;
    const wrongOf = this.#wrong;
    const allWanted = this.#wanted;
    const allHighest = this.#highest;
    const points = this.#point;
    const sums = this.#sum;
    for (let w = 0, lane = 0; w < this.#weightings.length; w++) {
      const { counted, others } = this.#weightings[w]!;
      const less = others - counted;
      const allFound = others * found;
      const allWrong = others * wrong;
      for (let g = 0; g < groups; g++, lane++) {
        const weight = g === group ? counted : others;
        const weightedFound = allFound - less * foundOf[g]!;
        if (weight === 0) continue;
        const precision = weightedFound / (allWrong - less * wrongOf[g]! + weightedFound + Number.EPSILON);
        if (precision > allHighest[lane]!) allHighest[lane] = precision;
        const wanted = allWanted[lane]!;
        let point = points[lane]!;
        const recall = weightedFound / wanted;
        while (recallThresholds[point]! > recall) point--;
        const below = weightedFound > weight ? (weightedFound - weight) / wanted : -1;
        if (!(recallThresholds[point]! > below)) {
          points[lane] = point;
          continue;
        }
        const highest = allHighest[lane]!;
        let sum = sums[lane]!;
        for (; point >= 0 && recallThresholds[point]! > below; point--) sum += highest;
        sums[lane] = sum;
        points[lane] = point;
      }
    }
  }

  /**
   * Takes a run of equal scores in one image: each copy of the image brings all of it before the next copy does. `found` and `wrong`
   * are the sums before the run.
   */
  #takeRun({ hits, misses, start, end, bit, group }: Run, found: number, wrong: number): void {
    const groups = this.groups;
    for (let w = 0; w < this.#weightings.length; w++) {
      const { counted, others } = this.#weightings[w]!;
      const less = others - counted;
      for (let g = 0; g < groups; g++) {
        const copies = g === group ? counted : others;
        let hitsOfCopy = 0;
        let missesOfCopy = 0;
        for (let i = start; i < end; i++) {
          if ((hits[i]! & bit) !== 0) hitsOfCopy++;
          else if ((misses[i]! & bit) !== 0) missesOfCopy++;
        }
        let foundAt = others * found - less * this.#found[g]! + copies * hitsOfCopy;
        let wrongAt = others * wrong - less * this.#wrong[g]! + copies * missesOfCopy;
        for (let copy = 0; copy < copies; copy++)
          for (let i = end - 1; i >= start; i--)
            if ((hits[i]! & bit) !== 0) this.#takePoint(w * groups + g, foundAt--, wrongAt, 1);
            else if ((misses[i]! & bit) !== 0) wrongAt--;
      }
    }
  }

  /** Takes a point of a weighting: its precision holds for the recalls that this hit reached. */
  #takePoint(lane: number, found: number, wrong: number, weight: number): void {
    if (weight === 0 || found === 0) return;
    const precision = found / (wrong + found + Number.EPSILON);
    if (precision > this.#highest[lane]!) this.#highest[lane] = precision;
    const wanted = this.#wanted[lane]!;
    let point = this.#point[lane]!;
    // Only at the last point: what lies above is never reached.
    const recall = found / wanted;
    while (recallThresholds[point]! > recall) point--;
    const below = found > weight ? (found - weight) / wanted : -1;
    const highest = this.#highest[lane]!;
    let sum = this.#sum[lane]!;
    for (; point >= 0 && recallThresholds[point]! > below; point--) sum += highest;
    this.#sum[lane] = sum;
    this.#point[lane] = point;
  }
}

interface Run extends Pick<Cell, "hits" | "misses"> {
  readonly start: number;
  readonly end: number;
  readonly bit: number;
  readonly group: number;
}

/** Returns where the run begins that ends before `end`. */
function firstOfRun(runEnds: Uint32Array, end: number): number {
  let start = end - 1;
  while (start > 0 && runEnds[start - 1] === end) start--;
  return start;
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}
