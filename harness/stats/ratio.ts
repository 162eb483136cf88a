import type { Interval } from "./intervals.ts";
import { integer, random } from "./random.ts";
import { median, quantile } from "./summary.ts";

const defaults = { draws: 1000 };

/** Positive samples of two sides. Paired samples belong together by their place, as the turns of one round do. */
export interface SamplePair {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly paired: boolean;
}

/**
 * Returns the median of b over the median of a with its 95 % interval: the ratio of the two figures that stand beside it.
 * The interval is a percentile bootstrap. Under two samples of a side there are no bounds.
 */
export function ratioOfMedians(pair: SamplePair, seed: number): Interval {
  const value = median(pair.b) / median(pair.a);
  if (pair.a.length < 2 || pair.b.length < 2) return { value };
  const drawn = redrawnRatios(pair, seed);
  return { value, low: quantile(drawn, 0.025), high: quantile(drawn, 0.975) };
}

/**
 * Returns the share that the medians of two draws of as many samples as there are differ by at most in 95 % of draws: what
 * chance alone puts between them. Absent under two samples.
 */
export function chanceRatio(samples: readonly number[], seed: number): number | undefined {
  if (samples.length < 2) return undefined;
  const apart = redrawnRatios({ a: samples, b: samples, paired: false }, seed).map((ratio) => Math.abs(ratio - 1));
  return quantile(apart, 0.95);
}

/** Returns the ratio of each draw. A pair's rounds are drawn with both their sides, other samples each side for itself. */
function redrawnRatios({ a, b, paired }: SamplePair, seed: number): number[] {
  return Array.from({ length: defaults.draws }, (_, draw) => {
    const stream = random(seed, "latency difference", draw);
    const places = a.map(() => integer(stream, a.length));
    const others = paired ? places : b.map(() => integer(stream, b.length));
    return median(others.map((place) => b[place]!)) / median(places.map((place) => a[place]!));
  });
}
