import { roundHalfEven } from "./uniform.ts";

/** Steps an octave that the granularity may take. */
export const granularities = [1, 2, 4] as const;

/**
 * Logarithmic quantisation of probabilities, `tau` steps an octave down from `scale`:
 * q = round(-tau log2(a / scale)); what q leaves is scale 2^(-q / tau), and 0 from q = 2^bits on. Values above the scale
 * saturate at it. Source: PTQ4SAM, 2405.03144, adaptive granularity quantisation.
 */
export interface Log2Quantizer {
  readonly bits: number;
  readonly scale: number;
  readonly tau: number;
}

/** Probabilities below count as this, so that 0 has a logarithm. */
export const smallestProbability = 1e-20;

/** In double precision. */
export function fakeQuantizeLog2(values: ArrayLike<number>, quantizer: Log2Quantizer): Float64Array {
  const { scale, tau } = quantizer;
  const table = log2Levels(quantizer);
  const last = table.length - 1;
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const q = roundHalfEven(-tau * Math.log2(Math.max(values[i]!, smallestProbability) / scale));
    result[i] = table[Math.min(Math.max(q, 0), last)]!;
  }
  return result;
}

/** What each q stands for, q = 2^bits included, which stands for 0. */
export function log2Levels({ bits, scale, tau }: Log2Quantizer): Float64Array {
  const levels = 2 ** bits;
  return Float64Array.from({ length: levels + 1 }, (_, q) => (q === levels ? 0 : scale * 2 ** (-q / tau)));
}
