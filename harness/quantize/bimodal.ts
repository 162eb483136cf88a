import { density, findPeaks } from "./density.ts";

const defaults = {
  /** The density is sampled at so many points. */
  samples: 128,
  /** A peak reaches this share of the sum of the sampled densities. */
  peakHeight: 0.01,
  /** The least distance of two peaks, in samples. */
  peakDistance: 32,
};

export interface Modes {
  readonly density: Float64Array;
  readonly peaks: readonly number[];
  readonly bimodal: boolean;
}

/**
 * Finds the modes of values, and says whether there are exactly two, as the keys of SAM's decoder attentions tend to have.
 * Source: PTQ4SAM, 2405.03144.
 */
export function modesOf(values: ArrayLike<number>): Modes {
  const sampled = density(values, defaults.samples);
  const height = defaults.peakHeight * sampled.reduce((sum, value) => sum + value, 0);
  const peaks = findPeaks(sampled, { height, distance: defaults.peakDistance });
  return { density: sampled, peaks, bimodal: peaks.length === 2 };
}

/**
 * Returns the sign of the mean for each of the last axis' `channels`: keys times these signs have one mode, and queries times
 * the same signs give the same scores. A mean of exactly 0 counts as positive: the published sign of 0 would erase the channel.
 */
export function channelSigns(values: ArrayLike<number>, channels: number): Int8Array {
  const sums = new Float64Array(channels);
  for (let i = 0; i < values.length; i++) sums[i % channels]! += values[i]!;
  return Int8Array.from(sums, (sum) => (sum < 0 ? -1 : 1));
}
