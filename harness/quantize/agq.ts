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

/** Number of columns of V that are summed side by side: each sum has a register of its own. */
const side = 4;

/** Returns the mean of |A' V - A V|^2.4 over rows and width; A' is A, the probabilities, after quantisation. */
export function attentionError(sample: AttentionSample, quantizer: Log2Quantizer): number {
  return attentionErrors(sample)(quantizer);
}

/**
 * Returns `attentionError` of one sample as a function of the quantiser. What a search asks for again and again is prepared
 * once: V lies as its sums go through it. Each sum takes its terms in the order of the columns.
 */
export function attentionErrors(sample: AttentionSample): (quantizer: Log2Quantizer) => number {
  const { probabilities, columns, width } = sample;
  const rows = probabilities.length / columns;
  const strips = stripsOf(sample);
  const stripLength = columns * side;
  const off = new Float64Array(columns);
  const difference = new Float64Array(Math.ceil(width / side) * side);
  return (quantizer) => {
    const quantized = fakeQuantizeLog2(probabilities, quantizer);
    let total = 0;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++)
        off[column] = quantized[row * columns + column]! - probabilities[row * columns + column]!;
      const values = strips.values[strips.groups[row]!]!;
      for (let strip = 0; strip * side < width; strip++)
        sumStrip(difference, strip * side, { off, values, from: strip * stripLength });
      for (let i = 0; i < width; i++) total += power(Math.abs(difference[i]!), errorPower);
    }
    return total / (rows * width);
  };
}

interface StripInput {
  readonly off: Float64Array;
  readonly values: Float64Array;
  /** Index of the strip's first value. */
  readonly from: number;
}

/** Writes off · V of four columns of V to `difference`, from `to` on. */
function sumStrip(difference: Float64Array, to: number, { off, values, from }: StripInput): void {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let at = from;
  for (let column = 0; column < off.length; column++, at += side) {
    const by = off[column]!;
    first += by * values[at]!;
    second += by * values[at + 1]!;
    third += by * values[at + 2]!;
    fourth += by * values[at + 3]!;
  }
  difference[to] = first;
  difference[to + 1] = second;
  difference[to + 2] = third;
  difference[to + 3] = fourth;
}

/** Returns V of each group that a row belongs to, as strips [width / 4, columns, 4], and each row's place among these groups. */
function stripsOf({ probabilities, columns, values, width, groups }: AttentionSample) {
  const places = new Map<number, number>();
  const strips: Float64Array[] = [];
  const rowGroups = Array.from({ length: probabilities.length / columns }, (_, row) => {
    const group = groups?.[row] ?? 0;
    const known = places.get(group);
    if (known !== undefined) return known;
    const made = new Float64Array(Math.ceil(width / side) * side * columns);
    for (let column = 0; column < columns; column++)
      for (let i = 0; i < width; i++)
        made[(Math.floor(i / side) * columns + column) * side + (i % side)] =
          values[(group * columns + column) * width + i]!;
    places.set(group, strips.length);
    return strips.push(made) - 1;
  });
  return { values: strips, groups: rowGroups };
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
