import { power } from "../stats/power.ts";
import { minimizeBounded } from "./bounded.ts";
import { fakeQuantizeLog2, granularities, type Log2Quantizer } from "./log2.ts";

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
  const { probabilities, columns, values, width, groups } = sample;
  const quantized = fakeQuantizeLog2(probabilities, quantizer);
  const rows = probabilities.length / columns;
  const difference = new Float64Array(width);
  let total = 0;
  for (let row = 0; row < rows; row++) {
    difference.fill(0);
    let value = (groups?.[row] ?? 0) * columns * width;
    for (let column = 0; column < columns; column++, value += width) {
      const at = row * columns + column;
      const off = quantized[at]! - probabilities[at]!;
      if (off !== 0) for (let i = 0; i < width; i++) difference[i]! += off * values[value + i]!;
    }
    for (let i = 0; i < width; i++) total += power(Math.abs(difference[i]!), errorPower);
  }
  return total / (rows * width);
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
    for (const candidate of this.#candidates) {
      const error = (scale: number) => attentionError(sample, { bits: this.bits, scale, tau: candidate.tau });
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
