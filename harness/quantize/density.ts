import { power } from "../stats/power.ts";

/**
 * Returns the Gaussian kernel density of `values` at `count` points, evenly from the smallest to the largest value. The
 * bandwidth is Scott's: n^(-1/5) times the standard deviation (n - 1). Source: Scott, Multivariate density estimation, 1992;
 * SciPy's gaussian_kde has it as its default.
 */
export function density(values: ArrayLike<number>, count: number): Float64Array {
  const n = values.length;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
    sum += value;
  }
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i]! - mean) ** 2;
  const deviation = Math.sqrt(squares / (n - 1)) * power(n, -0.2);
  const result = new Float64Array(count);
  if (!(deviation > 0)) return result;
  const norm = 1 / (n * deviation * Math.sqrt(2 * Math.PI));
  const narrow = -0.5 / deviation ** 2;
  for (let at = 0; at < count; at++) {
    const x = low + ((high - low) * at) / (count - 1);
    let total = 0;
    for (let i = 0; i < n; i++) total += Math.exp((x - values[i]!) ** 2 * narrow);
    result[at] = total * norm;
  }
  return result;
}

export interface PeakRule {
  /** Lower peaks do not count. */
  readonly height: number;
  /** The lower of two peaks that are nearer than this does not count. */
  readonly distance: number;
}

/**
 * Returns the places of local maxima, in order. A plateau's middle stands for it; the first and last value are none. Where peaks
 * are too near each other, the highest stay. The rules are those of SciPy's find_peaks.
 */
export function findPeaks(values: ArrayLike<number>, { height, distance }: PeakRule): number[] {
  const high = localMaxima(values).filter((at) => values[at]! >= height);
  const kept = new Set(high);
  for (const at of high.toSorted((a, b) => values[b]! - values[a]! || b - a))
    if (kept.has(at)) for (const other of high) if (other !== at && Math.abs(other - at) < distance) kept.delete(other);
  return high.filter((at) => kept.has(at));
}

function localMaxima(values: ArrayLike<number>): number[] {
  const maxima: number[] = [];
  for (let i = 1; i + 1 < values.length; i++) {
    if (!(values[i - 1]! < values[i]!)) continue;
    let end = i;
    while (end + 1 < values.length && values[end + 1] === values[i]) end++;
    if (end + 1 < values.length && values[end + 1]! < values[i]!) maxima.push((i + end) >> 1);
    i = end;
  }
  return maxima;
}
