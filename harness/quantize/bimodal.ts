import { density, findPeaks } from "./density.ts";

const defaults = {
  /** Where the density is sampled. */
  samples: 128,
  /** Of the sum of the sampled densities. */
  peakHeight: 0.01,
  /** In samples. */
  peakDistance: 32,
};

export interface Modes {
  readonly density: Float64Array;
  readonly peaks: readonly number[];
  readonly bimodal: boolean;
}

/** Whether values have exactly two modes, as the keys of SAM's decoder attentions tend to. Source: PTQ4SAM, 2405.03144. */
export function modesOf(values: ArrayLike<number>): Modes {
  const sampled = density(values, defaults.samples);
  const height = defaults.peakHeight * sampled.reduce((sum, value) => sum + value, 0);
  const peaks = findPeaks(sampled, { height, distance: defaults.peakDistance });
  return { density: sampled, peaks, bimodal: peaks.length === 2 };
}

/**
 * For each of the last axis' `channels` the sign of its mean: keys times these signs have one mode, and queries times the
 * same signs give the same scores. A mean of exactly 0 counts as positive: the published sign of 0 would erase the channel.
 */
export function channelSigns(values: ArrayLike<number>, channels: number): Int8Array {
  const sums = new Float64Array(channels);
  for (let i = 0; i < values.length; i++) sums[i % channels]! += values[i]!;
  return Int8Array.from(sums, (sum) => (sum < 0 ? -1 : 1));
}
