import { mean, median } from "./summary.ts";

const defaults = {
  /** A change has at least so many values on either side: one value alone may be a busy machine. */
  side: 2,
  /** A level between two others has at least so many: two neighbours may be a busy hour. */
  between: 4,
  /** This share of the successive differences, the smallest, makes the noise; the rest may hold changes and outliers. */
  kept: 0.8,
  /** Mean of the smallest 80 % of the magnitudes of differences between normal values of deviation 1 (changes.test.ts). */
  keptMean: 0.79,
  /** A value counts in its level's mean as if it were at most this many deviations from the level's median. */
  clip: 2,
  /** Errors grow with the square up to here, in deviations, and linearly beyond. Source: Huber 1964. */
  huber: 1.5,
};

/** Fewest values on one side of a change. */
export const leastSide = defaults.side;

/**
 * Returns the standard deviation of the noise, from the smaller ones of the differences between neighbours: a change of the level
 * is in one difference alone, and an outlier in two.
 */
export function noiseOf(values: readonly number[]): number {
  const differences = values.slice(1).map((value, i) => Math.abs(value - values[i]!));
  const kept = differences.sort((a, b) => a - b).slice(0, Math.ceil(defaults.kept * differences.length));
  return mean(kept) / defaults.keptMean;
}

/** A place between two stretches of values, which end and begin there, and how far apart these are in standard errors. */
export interface Split {
  readonly from: number;
  readonly at: number;
  readonly to: number;
  readonly shift: number;
}

/**
 * Returns the place with the largest difference between the stretches before and behind it, over its standard error: the statistic
 * that is judged. Stretches of 4, 8, 16, … values and whole sides are tried, so that a change which is taken back later is seen too.
 */
export function largestSplit(values: readonly number[], noise: number): Split {
  let most: Split = { from: 0, at: 0, to: values.length, shift: 0 };
  for (const at of placesIn(values)) {
    const before = lengthsUpTo(at).map((length) => stretchOf(values.slice(at - length, at), noise));
    const behind = lengthsUpTo(values.length - at).map((length) => stretchOf(values.slice(at, at + length), noise));
    for (const left of before)
      for (const right of behind) {
        const shift = shiftBetween(left, right) / (noise * errorOf(left.length, right.length));
        if (shift > most.shift) most = { from: at - left.length, at, to: at + right.length, shift };
      }
  }
  return most;
}

function* placesIn(values: readonly number[]): Generator<number, void, void> {
  for (let at = defaults.side; at <= values.length - defaults.side; at++) yield at;
}

/** Returns 4, 8, 16, … as far as they are smaller than a length, and the length itself. */
function lengthsUpTo(length: number): readonly number[] {
  const lengths: number[] = [];
  for (let each = defaults.between; each < length; each *= 2) lengths.push(each);
  return [...lengths, length];
}

/** The middle of a stretch of values: its median, and clipped means that lean to either side. */
interface Stretch {
  readonly length: number;
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

function stretchOf(values: readonly number[], noise: number): Stretch {
  return {
    length: values.length,
    median: median(values),
    low: centreOf(values, 1, noise),
    high: centreOf(values, -1, noise),
  };
}

function shiftBetween(before: Stretch, after: Stretch): number {
  return after.median >= before.median ? after.low - before.high : before.low - after.high;
}

/** Returns the standard error of the difference between two means of so many values, of noise 1. */
export function errorOf(before: number, after: number): number {
  return Math.sqrt(1 / before + 1 / after);
}

/**
 * Returns the clipped mean about the median. Of an even number of values, `direction` 1 takes the lower one of the two in the
 * middle, and -1 the upper one: so a level that is higher than another is taken to be as near to it as may be.
 */
export function centreOf(values: readonly number[], direction: number, noise: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const low = sorted[Math.floor(middle)]!;
  const high = sorted[Math.ceil(middle)]!;
  const from = direction === 0 ? (low + high) / 2 : direction > 0 ? low : high;
  const most = defaults.clip * noise;
  return from + mean(sorted.map((value) => Math.max(-most, Math.min(most, value - from))));
}

/** Returns the place of least error: the one at which two levels fit the values best. */
export function likeliest(values: readonly number[], noise: number): number {
  let least = { at: 0, error: Number.POSITIVE_INFINITY };
  for (const at of placesIn(values)) {
    const error = errorIn(values.slice(0, at), noise) + errorIn(values.slice(at), noise);
    if (error < least.error) least = { at, error };
  }
  return least.at;
}

function errorIn(values: readonly number[], noise: number): number {
  const level = median(values);
  return values.reduce((sum, value) => {
    const off = Math.abs(value - level) / noise;
    return sum + (off <= defaults.huber ? off ** 2 / 2 : defaults.huber * (off - defaults.huber / 2));
  }, 0);
}
