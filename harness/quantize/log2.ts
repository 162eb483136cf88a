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

/** Returns the integer that a probability becomes: from 2^bits on it stands for 0, and below 0 the scale stands for it. */
export function log2Integer(value: number, { scale, tau }: Log2Quantizer): number {
  return roundHalfEven(-tau * Math.log2(Math.max(value, smallestProbability) / scale));
}

/**
 * Returns, for each q below 2^bits, the largest float32 probability whose integer is above q, or -1 where there is none. A
 * comparison with these rounds as the quantiser does, however a logarithm was rounded.
 */
export function log2Boundaries(quantizer: Log2Quantizer): Float32Array {
  const { bits, scale, tau } = quantizer;
  const most = log2Integer(0, quantizer);
  return Float32Array.from({ length: 2 ** bits }, (_, q) => {
    if (most <= q) return -1;
    let boundary = Math.fround(scale * powerOfTwo(-(q + 0.5) / tau));
    while (log2Integer(boundary, quantizer) <= q) boundary = neighbour(boundary, -1);
    while (log2Integer(neighbour(boundary, 1), quantizer) > q) boundary = neighbour(boundary, 1);
    return boundary;
  });
}

export interface Log2Integers {
  /** Returns where the probabilities end, from `first` on, whose integer is at most `level`; they fall. */
  endOf(probabilities: ArrayLike<number>, level: number, first: number): number;
}

/** Returns the integers of falling probabilities, of those numbers that `values` are: float32 ones need no logarithm. */
export function log2Integers(quantizer: Log2Quantizer, values: ArrayLike<number>): Log2Integers {
  const boundaries = values instanceof Float32Array ? log2Boundaries(quantizer) : undefined;
  const isAtMost = (value: number, level: number) =>
    boundaries === undefined ? log2Integer(value, quantizer) <= level : value > boundaries[level]!;
  return {
    endOf(probabilities, level, first) {
      let low = first;
      let high = probabilities.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (isAtMost(probabilities[middle]!, level)) low = middle + 1;
        else high = middle;
      }
      return low;
    },
  };
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
