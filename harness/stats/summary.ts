import { power } from "./power.ts";

/** Summaries of raw samples, in float64. The raw samples are what is stored; a summary is computed when it is shown. */

/**
 * Returns the p-quantile, 0 <= p <= 1, interpolated between order statistics at (n - 1) p: Hyndman and Fan's type 7, numpy's
 * default. Throws for no samples.
 */
export function quantile(samples: readonly number[], p: number): number {
  return quantileOfSorted(ascending(samples), p);
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/**
 * Returns the largest value, -Infinity if there is none. Math.max takes its values as arguments, and an argument list of
 * 100,000 ends the program.
 */
export function largest(values: Iterable<number>): number {
  let found = Number.NEGATIVE_INFINITY;
  for (const value of values) if (value > found) found = value;
  return found;
}

/** Throws for no samples. */
export function mean(samples: readonly number[]): number {
  if (samples.length === 0) throw new Error("mean of no samples");
  return samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
}

/**
 * Estimates the standard deviation of the population that the samples stand for: the sum of squares is divided by n - 1. Throws
 * below two samples.
 */
export function standardDeviation(samples: readonly number[]): number {
  if (samples.length < 2) throw new Error("standard deviation of fewer than two samples");
  const centre = mean(samples);
  return Math.sqrt(samples.reduce((sum, sample) => sum + (sample - centre) ** 2, 0) / (samples.length - 1));
}

export interface LatencySummary {
  readonly median: number;
  readonly q1: number;
  readonly q3: number;
  /**
   * Mean of the sorted middle half: floor(n / 4) samples are left out at each end. Protocol latency-sparsevit reports it.
   * Source: tools/measure_latency.py of mit-han-lab/sparsevit, whose slice is empty below four samples; here all of those count.
   */
  readonly middleMean: number;
  readonly n: number;
  /** Present from 64 samples on. */
  readonly p90?: number;
  /** Present from 662 samples on. */
  readonly p99?: number;
}

/** Returns the summary in the unit of the samples; undefined where there is no sample. */
export function latencySummary(samples: readonly number[]): LatencySummary | undefined {
  if (samples.length === 0) return undefined;
  const sorted = ascending(samples);
  const at = (p: number) => quantileOfSorted(sorted, p);
  const quarter = Math.floor(sorted.length / 4);
  return {
    median: at(0.5),
    q1: at(0.25),
    q3: at(0.75),
    middleMean: mean(sorted.slice(quarter, sorted.length - quarter)),
    n: sorted.length,
    p90: sorted.length >= samplesForQuantile(0.9) ? at(0.9) : undefined,
    p99: sorted.length >= samplesForQuantile(0.99) ? at(0.99) : undefined,
  };
}

/**
 * Returns the least number of samples from which an upper quantile is worth a number: the second largest sample then lies above
 * the true quantile with 99 % confidence, so the figure does not hang on one outlier. It is 64 for p = 0.9 and 662 for p =
 * 0.99.
 * Source: Wilks, Determination of sample sizes for setting tolerance limits, 1941 (one-sided, second order).
 */
export function samplesForQuantile(p: number): number {
  const atMostOneAbove = (n: number) => power(p, n) + n * (1 - p) * power(p, n - 1);
  let n = 2;
  while (atMostOneAbove(n) > 0.01) n++;
  return n;
}

function ascending(samples: readonly number[]): readonly number[] {
  return [...samples].sort((a, b) => a - b);
}

function quantileOfSorted(sorted: readonly number[], p: number): number {
  if (sorted.length === 0) throw new Error("quantile of no samples");
  const place = (sorted.length - 1) * p;
  const below = sorted[Math.floor(place)]!;
  const above = sorted[Math.ceil(place)]!;
  return below + (above - below) * (place - Math.floor(place));
}
