import { power } from "../stats/power.ts";
import { errorPower } from "./agq.ts";
import { minimizeBounded } from "./bounded.ts";
import { rangeOf } from "./histogram.ts";
import { clamp, quantizerFor, type UniformQuantizer } from "./uniform.ts";

const defaults = {
  /** The grid tries so many ranges: equal parts of the whole one. */
  ranges: 100,
  /** The search tries every so many of these ranges first, then all around the best. */
  rangeStride: 4,
  /** A range is tried with so many zero points before the neighbours of the best one are. */
  zeroPoints: 16,
  /** Number of entries in the table of |e|^2.4 for rounding errors, which are at most half a step. */
  table: 4096,
};

/** Samples are values, or middles of a histogram's bins with their counts. */
export interface Samples {
  readonly values: ArrayLike<number>;
  readonly weights?: ArrayLike<number>;
}

const roundingErrors = Float64Array.from({ length: defaults.table + 2 }, (_, i) =>
  power((i + 0.5) / (2 * defaults.table), errorPower),
);

/**
 * Returns the quantiser with the least sum of |x' - x|^2.4 in a grid over range and zero point: each hundredth of the whole
 * range, laid wherever it still lies inside. The search walks the grid in wide steps first, in range and beyond 4 bits in zero
 * point, and then one by one around the best, since neighbours differ little.
 */
export function omseQuantizer(samples: Samples, bits: number): UniformQuantizer {
  const [min, max] = rangeOf(samples.values);
  const low = Math.min(min, 0);
  const high = Math.max(max, 0);
  const steps = 2 ** bits - 1;
  let best = { quantizer: quantizerFor(low, high, bits), error: Number.POSITIVE_INFINITY };
  if (!(high > low)) return best.quantizer;
  const consider = (scale: number, zeroPoint: number) => {
    const quantizer = { bits, scale, zeroPoint };
    const error = quantizationError(samples, quantizer, best.error);
    if (error < best.error) best = { quantizer, error };
  };
  const tryRange = (part: number) => {
    const scale = Math.fround(((high - low) * part) / defaults.ranges / steps);
    const first = clamp(Math.ceil(steps - high / scale - 0.5), 0, steps);
    const last = clamp(Math.floor(-low / scale + 0.5), first, steps);
    const stride = Math.max(1, Math.ceil((last - first) / defaults.zeroPoints));
    const before = best.error;
    for (let zeroPoint = first; zeroPoint <= last; zeroPoint += stride) consider(scale, zeroPoint);
    return best.error < before;
  };
  let bestPart = defaults.ranges;
  for (let part = defaults.ranges; part >= 1; part -= defaults.rangeStride) if (tryRange(part)) bestPart = part;
  const near = defaults.rangeStride - 1;
  const upper = Math.min(defaults.ranges, bestPart + near);
  for (let part = Math.max(1, bestPart - near); part <= upper; part++) tryRange(part);
  const { scale, zeroPoint } = best.quantizer;
  const around = Math.ceil(steps / defaults.zeroPoints);
  for (let next = Math.max(0, zeroPoint - around); next <= Math.min(steps, zeroPoint + around); next++)
    consider(scale, next);
  return best.quantizer;
}

/**
 * Returns the quantiser with the least error whose range is the whole one times one factor; it finds the factor by a bounded
 * search.
 */
export function mseQuantizer(samples: Samples, bits: number): UniformQuantizer {
  const [min, max] = rangeOf(samples.values);
  const shrunk = (factor: number) => quantizerFor(min * factor, max * factor, bits);
  const { at } = minimizeBounded((factor) => quantizationError(samples, shrunk(factor)), 0.01, 1);
  return shrunk(at);
}

/** Returns the sum of |x' - x|^2.4, to 1e-3; it gives up beyond `limit`. */
export function quantizationError(
  { values, weights }: Samples,
  { bits, scale, zeroPoint }: UniformQuantizer,
  limit = Number.POSITIVE_INFINITY,
): number {
  const low = -zeroPoint;
  const high = 2 ** bits - 1 - zeroPoint;
  const inverse = 1 / scale;
  const unit = power(scale, errorPower);
  const most = limit / unit;
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]! * inverse;
    const error = Math.abs(clamp(Math.floor(x + 0.5), low, high) - x);
    const raised = error <= 0.5 ? roundingErrors[(error * 2 * defaults.table) | 0]! : power(error, errorPower);
    total += weights === undefined ? raised : raised * weights[i]!;
    if (total > most) break;
  }
  return total * unit;
}
