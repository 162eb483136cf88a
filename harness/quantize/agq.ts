import { power } from "../stats/power.ts";
import { minimizeBounded } from "./bounded.ts";
import { granularities, type Log2Quantizer, log2Integers, log2Levels } from "./log2.ts";

/** The power that errors are raised to; the paper's OMSE and its code use it throughout. */
export const errorPower = 2.4;

/** Rows of attention probabilities, and for each row the values that it weighs. */
export interface AttentionSample {
  /** [rows, columns] */
  readonly probabilities: Float32Array | Float64Array;
  readonly columns: number;
  /** [groups, columns, width]: one group for each image part and head. */
  readonly values: Float32Array | Float64Array;
  readonly width: number;
  /** Group of each row; all rows belong to the first group where it is left out. */
  readonly groups?: readonly number[];
}

/** Returns the mean of |A' V - A V|^2.4 over rows and width; A' is A, the probabilities, after quantisation. */
export function attentionError(sample: AttentionSample, quantizer: Log2Quantizer): number {
  return attentionErrors(sample)(quantizer);
}

/**
 * Returns `attentionError` of one sample as a function of the quantiser. What a search asks for again and again is prepared
 * once: a row's probabilities that become the same integer lie side by side when they are sorted, so that A' V takes one product
 * a level, with the sum of V over these. The sums are differences of running ones.
 */
export function attentionErrors(sample: AttentionSample): (quantizer: Log2Quantizer) => number {
  const { width } = sample;
  const rows = sortedRows(sample);
  return (quantizer) => {
    const levels = log2Levels(quantizer);
    const integers = log2Integers(quantizer, sample.probabilities);
    const difference = new Float64Array(width);
    let total = 0;
    for (const { probabilities, sums, exact } of rows) {
      for (let i = 0; i < width; i++) difference[i] = -exact[i]!;
      let first = 0;
      // What is below the last boundary becomes 0.
      for (let level = 0; level + 1 < levels.length && first < probabilities.length; level++) {
        const end = integers.endOf(probabilities, level, first);
        if (end > first)
          for (let i = 0; i < width; i++)
            difference[i]! += levels[level]! * (sums[end * width + i]! - sums[first * width + i]!);
        first = end;
      }
      for (let i = 0; i < width; i++) total += power(Math.abs(difference[i]!), errorPower);
    }
    return total / (rows.length * width);
  };
}

interface SortedRow {
  /** Falls. */
  readonly probabilities: Float32Array | Float64Array;
  /** [columns + 1, width]: sums of V over the first 0 … columns probabilities. */
  readonly sums: Float64Array;
  /** A V, [width] */
  readonly exact: Float64Array;
}

function sortedRows({ probabilities, columns, values, width, groups }: AttentionSample): readonly SortedRow[] {
  return Array.from({ length: probabilities.length / columns }, (_, row) => {
    const own = probabilities.subarray(row * columns, (row + 1) * columns);
    const order = Uint32Array.from(own.keys()).sort((a, b) => own[b]! - own[a]! || a - b);
    const sums = new Float64Array((columns + 1) * width);
    const exact = new Float64Array(width);
    for (const [place, column] of order.entries()) {
      const from = ((groups?.[row] ?? 0) * columns + column) * width;
      const at = place * width;
      for (let i = 0; i < width; i++) {
        sums[at + width + i] = sums[at + i]! + values[from + i]!;
        exact[i]! += own[column]! * values[from + i]!;
      }
    }
    return { probabilities: own.slice().sort().reverse(), sums, exact };
  });
}

interface Candidate {
  readonly tau: number;
  scaleSum: number;
  errorSum: number;
}

/**
 * Chooses scale and granularity of a log2 quantiser from samples of several images: a bounded search of the scale for each
 * granularity and image; scales are averaged over images, errors summed, and the granularity of the least sum is taken.
 */
export class AdaptiveGranularity {
  readonly bits: number;
  readonly #candidates: readonly Candidate[] = granularities.map((tau) => ({ tau, scaleSum: 0, errorSum: 0 }));
  #images = 0;

  constructor(bits: number) {
    this.bits = bits;
  }

  observe(sample: AttentionSample): void {
    const [low, high] = scaleBounds(sample.probabilities);
    const errorOf = attentionErrors(sample);
    for (const candidate of this.#candidates) {
      const error = (scale: number) => errorOf({ bits: this.bits, scale, tau: candidate.tau });
      const { at, value } = minimizeBounded(error, low, high);
      candidate.scaleSum += at;
      candidate.errorSum += value;
    }
    this.#images++;
  }

  /** Returns, for each granularity, the mean scale and the mean of the images' errors. */
  candidates(): readonly { readonly tau: number; readonly scale: number; readonly error: number }[] {
    return this.#candidates.map(({ tau, scaleSum, errorSum }) => ({
      tau,
      scale: scaleSum / this.#images,
      error: errorSum / this.#images,
    }));
  }

  quantizer(): Log2Quantizer {
    const best = this.candidates().reduce((least, each) => (each.error < least.error ? each : least));
    return { bits: this.bits, scale: Math.fround(best.scale), tau: best.tau };
  }
}

/** Returns the bounds of the search. Probabilities start at 0, so their range is their maximum. */
function scaleBounds(probabilities: ArrayLike<number>): [number, number] {
  let range = 0;
  for (let i = 0; i < probabilities.length; i++) range = Math.max(range, probabilities[i]!);
  return [Math.min(0.1, 0.01 * range), range];
}
