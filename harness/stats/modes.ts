import { mean, median } from "./summary.ts";

const defaults = {
  /** Least number of samples: among fewer, two groups appear by chance. */
  leastSamples: 8,
  /** A mode holds at least this share of the samples: a few slow ones are outliers, and are named as such. */
  leastShare: 0.2,
  /**
   * The least distance between the means of the groups, in root mean squares of their spreads. Halves of a normal sample lie
   * 2.7 apart.
   */
  leastDistance: 6,
  /** The least distance between the means as a share of the lower mean: a smaller gap is of no consequence. */
  leastGap: 0.1,
};

/**
 * Two groups in one sample. The median of such a sample belongs to the more frequent group, and jumps when the frequencies
 * change.
 */
export interface TwoModes {
  /** Medians of the lower and the upper group. */
  readonly low: number;
  readonly high: number;
  /** Share of the samples in the lower group. */
  readonly lowShare: number;
}

/**
 * Finds two separate groups in a sample. It takes the cut that leaves the least spread within both groups, and judges it by the
 * distance of their means over the root of their summed variances, times the root of 2. Returns undefined for a sample of one
 * group and for a sample that is too small.
 * Source: Ashman, Bird and Zepf, Detecting bimodality in astronomical datasets, 1994, equation 4.
 */
export function twoModes(samples: readonly number[]): TwoModes | undefined {
  if (samples.length < defaults.leastSamples) return undefined;
  const sorted = [...samples].sort((a, b) => a - b);
  const least = Math.ceil(defaults.leastShare * sorted.length);
  let best: { readonly cut: number; readonly within: number } | undefined;
  for (let cut = least; cut <= sorted.length - least; cut++) {
    const within = squares(sorted.slice(0, cut)) + squares(sorted.slice(cut));
    if (best === undefined || within < best.within) best = { cut, within };
  }
  if (best === undefined) return undefined;
  const lower = sorted.slice(0, best.cut);
  const upper = sorted.slice(best.cut);
  const gap = mean(upper) - mean(lower);
  const spread = Math.sqrt((squares(lower) / lower.length + squares(upper) / upper.length) / 2);
  if (gap < defaults.leastGap * mean(lower) || gap < defaults.leastDistance * spread) return undefined;
  return { low: median(lower), high: median(upper), lowShare: lower.length / sorted.length };
}

/** Returns the sum of squared distances from the mean. */
function squares(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}
