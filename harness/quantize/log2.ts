import { power } from "../stats/power.ts";
import { roundHalfEven } from "./uniform.ts";

/** The granularity may take so many steps an octave. */
export const granularities = [1, 2, 4] as const;

/**
 * Quantises probabilities logarithmically, `tau` steps an octave down from `scale`: q = round(-tau log2(a / scale)); what q
 * leaves is scale 2^(-q / tau), and 0 from q = 2^bits on. Values above the scale saturate at it. Source: PTQ4SAM, 2405.03144,
 * adaptive granularity quantisation.
 */
export interface Log2Quantizer {
  readonly bits: number;
  readonly scale: number;
  readonly tau: number;
}

/** A probability below this counts as this, so that 0 has a logarithm. */
export const smallestProbability = 1e-20;

const defaults = {
  /** Boundaries are worth their computing from so many values for each of them. */
  fewValues: 8,
};

/** Returns the values after quantising and back, in double precision. */
export function fakeQuantizeLog2(values: ArrayLike<number>, quantizer: Log2Quantizer): Float64Array {
  const table = log2Levels(quantizer);
  const last = table.length - 1;
  const result = new Float64Array(values.length);
  // A logarithm costs as much as ten comparisons, and boundaries are of float32 numbers.
  if (values instanceof Float32Array && values.length > defaults.fewValues * last) {
    const boundaries = log2Boundaries(quantizer);
    for (let i = 0; i < values.length; i++) result[i] = table[integerBetween(values[i]!, boundaries)]!;
    return result;
  }
  for (let i = 0; i < values.length; i++)
    result[i] = table[Math.min(Math.max(integerOf(values[i]!, quantizer), 0), last)]!;
  return result;
}

function integerOf(value: number, { scale, tau }: Log2Quantizer): number {
  return roundHalfEven(-tau * Math.log2(Math.max(value, smallestProbability) / scale));
}

/**
 * Returns, for each q below 2^bits, the largest float32 probability whose integer is above q, or -1 where there is none. A
 * comparison with these rounds as the quantiser does, however a logarithm was rounded.
 */
export function log2Boundaries(quantizer: Log2Quantizer): Float32Array {
  const { bits, scale, tau } = quantizer;
  const most = integerOf(0, quantizer);
  return Float32Array.from({ length: 2 ** bits }, (_, q) => {
    if (most <= q) return -1;
    let boundary = Math.fround(scale * powerOfTwo(-(q + 0.5) / tau));
    while (integerOf(boundary, quantizer) <= q) boundary = neighbour(boundary, -1);
    while (integerOf(neighbour(boundary, 1), quantizer) > q) boundary = neighbour(boundary, 1);
    return boundary;
  });
}

/** Returns a value's integer, at most 2^bits: the number of boundaries that the value is not above. They fall. */
function integerBetween(value: number, boundaries: Float32Array): number {
  let low = 0;
  let high = boundaries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= boundaries[middle]!) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Returns the next positive float32 number above or below. */
function neighbour(value: number, step: 1 | -1): number {
  const number = Float32Array.of(value);
  new Uint32Array(number.buffer)[0]! += step;
  return number[0]!;
}

/** Returns the value that each q stands for; q = 2^bits stands for 0. */
export function log2Levels({ bits, scale, tau }: Log2Quantizer): Float64Array {
  const levels = 2 ** bits;
  return Float64Array.from({ length: levels + 1 }, (_, q) => (q === levels ? 0 : scale * powerOfTwo(-q / tau)));
}

/** Returns 2 ^ exponent, which is exact for whole exponents. */
function powerOfTwo(exponent: number): number {
  const whole = Math.floor(exponent);
  return 2 ** whole * power(2, exponent - whole);
}
