import type { GroupWeights, ImageId, ImageWeights } from "../api.ts";
import { random, shuffle } from "./random.ts";
import { studentT } from "./studentT.ts";

const defaults = {
  /** Most groups that images are put into; with fewer images each is a group of its own. */
  groups: 40,
  /** Fewer images, or fewer groups with an instance, say too little about the spread between them. */
  leastGroups: 5,
  /** The share of cases that a 95 % interval may miss. */
  tail: 0.05,
  /** A spread below this comes from rounding alone. */
  rounding: 1e-12,
};

/** The name of the method of `intervalsOf`, as a table's foot prints it. */
export const intervalMethod = "jackknife by groups of images";

/**
 * A figure with its 95 % interval, which always holds the figure. It has no bounds where too few images say something about the
 * spread.
 */
export interface Interval {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/** Returns a figure and its bounds in another unit: a fraction times 100 is percent. */
export function scaledInterval({ value, low, high }: Interval, factor: number): Interval {
  const scaled = (bound: number | undefined) => (bound === undefined ? undefined : factor * bound);
  return { value: factor * value, low: scaled(low), high: scaled(high) };
}

/** A figure over images that each count a given number of times. */
export interface Estimate {
  /** Absent where there is no data. */
  readonly value?: number;
  /** Instances behind the value. */
  readonly n: number;
}

/** Computes a metric's figures. They are the same figures in the same order, whatever the weights. */
export interface Estimates {
  (weights: ImageWeights): readonly Estimate[];
  /** Computes those of many weights at once, as `FittedMetric.byGroup` does; absent where that would cost as much. */
  readonly byGroup?: (
    groupOf: Uint8Array,
    weightings: readonly GroupWeights[],
  ) => readonly (readonly (readonly Estimate[])[])[];
}

export interface IntervalOptions {
  /** The seed of the draw of groups: the same seed and images make the same groups, whatever the figures. */
  readonly seed: number;
  /** The least and the greatest possible value. An interval is cut there, which takes no possible value out of it. */
  readonly range?: readonly [least: number, most: number];
}

/** Holds the figures of two sides on the same images, and their difference b - a. */
export interface PairedInterval {
  readonly a: Interval;
  readonly b: Interval;
  readonly difference: Interval;
}

const fractions = [0, 1] as const;

/**
 * Returns each figure with its interval, by a jackknife over groups of images. Images are put into 40 groups (each image is a
 * group of its own where there are fewer), `pullOf` measures how far each group pulls the figure, and the interval is the
 * figure ± t standard errors. The degrees of freedom are the effective number of groups less one, 1 / sum of squares of their
 * shares of instances: one image with most of the instances does not count as many. Under 5 images, or 5 groups with an
 * instance, there are no bounds.
 * It is no bootstrap: average precision of rare categories grows where images repeat, so that a bootstrap's interval on
 * LVIS-like data does not hold the figure itself. `npm run perf -- coverage` measures how often the intervals hold the mean of
 * redrawn sets.
 * Source: Efron and Stein, The jackknife estimate of variance, 1981; Kott, The delete-a-group jackknife, 2001; Kish, Survey
 * Sampling, 1965, for the effective number.
 */
export function intervalsOf(
  estimates: Estimates,
  images: Iterable<ImageId>,
  { seed, range = fractions }: IntervalOptions,
): readonly (Interval | undefined)[] {
  return pulledFigures(estimates, images, seed).map((figure) => {
    const { value, pulls, shares } = figure;
    return value === undefined ? undefined : intervalOf(value, pulls, shares, range);
  });
}

/**
 * Returns the figures of both sides with their intervals, and b - a with the interval of the difference: the same groups pull
 * at both sides, so what the sides share (hard images) falls out. A figure that either side lacks is absent.
 */
export function pairedIntervals(
  a: Estimates,
  b: Estimates,
  images: Iterable<ImageId>,
  { seed, range = fractions }: IntervalOptions,
): readonly (PairedInterval | undefined)[] {
  const ofB = pulledFigures(b, images, seed);
  const span = range[1] - range[0];
  return pulledFigures(a, images, seed).map((ownA, i) => {
    const ownB = ofB[i];
    if (ownA.value === undefined || ownB?.value === undefined) return undefined;
    const pulls = ownA.pulls.map((pull, group) => ownB.pulls[group]! - pull);
    return {
      a: intervalOf(ownA.value, ownA.pulls, ownA.shares, range),
      b: intervalOf(ownB.value, ownB.pulls, ownB.shares, range),
      difference: differenceOf(ownB.value - ownA.value, pulls, ownA.shares, [-span, span]),
    };
  });
}

/**
 * Returns the interval of the difference. Where the sides differ by the same amount on every image, the difference is certain
 * and both bounds equal it; a single figure without spread is not certain and gets no bounds.
 */
function differenceOf(
  value: number,
  pulls: readonly number[],
  shares: readonly number[],
  range: readonly [number, number],
): Interval {
  const alike = pulls.length > 0 && pulls.every((pull) => Math.abs(pull) < defaults.rounding);
  return alike ? { value, low: value, high: value } : intervalOf(value, pulls, shares, range);
}

/** A figure with, for each group, its pull on the figure and its share of the instances. */
interface PulledFigure {
  readonly value?: number | undefined;
  readonly pulls: readonly number[];
  readonly shares: readonly number[];
}

/** Measures the pull of each group on each figure. There are no pulls where images, or groups with an instance, are too few. */
function pulledFigures(estimates: Estimates, images: Iterable<ImageId>, seed: number): readonly PulledFigure[] {
  const order = [...new Set(images)].sort((a, b) => a - b);
  const estimatesWith = (group: readonly number[], counted: number, others: number) => {
    const counts = new Uint32Array(order.length).fill(others);
    for (const place of group) counts[place] = counted;
    // Copied: a metric may hand out the same array again.
    return [...estimates({ images: order, counts })];
  };
  const members = imageGroups(order.length, seed);
  const [half, eighth, without] =
    estimates.byGroup?.(groupOfEach(members, order.length), groupWeights) ??
    groupWeights.map(({ counted, others }) => members.map((group) => estimatesWith(group, counted, others)));
  const groups = members.map((_, g) => ({ half: half![g]!, eighth: eighth![g]!, without: without![g]! }));
  return estimatesWith([], 0, 1).map(({ value, n }, i): PulledFigure => {
    const shares = groups.map(({ without }) => (n - without[i]!.n) / n);
    const bearing = shares.filter((share) => share > 0).length;
    if (value === undefined || bearing < defaults.leastGroups) return { value, pulls: [], shares: [] };
    const moved = (found: readonly Estimate[]) => found[i]!.value! - value;
    return {
      value,
      pulls: groups.map(({ half, eighth, without }) =>
        pullOf({ half: moved(half), eighth: moved(eighth), without: moved(without) }, groups.length),
      ),
      shares,
    };
  });
}

/** Weights under which a group counts half as much as the others, an eighth as much, and not at all. */
const groupWeights: readonly GroupWeights[] = [
  { counted: 1, others: 2 },
  { counted: 1, others: 8 },
  { counted: 0, others: 1 },
];

/** Returns the group of each of so many places. */
function groupOfEach(groups: readonly (readonly number[])[], places: number): Uint8Array {
  const groupOf = new Uint8Array(places);
  for (const [g, group] of groups.entries()) for (const place of group) groupOf[place] = g;
  return groupOf;
}

/**
 * Deals the places of images into groups, in an order drawn from the seed's stream. Groups differ in size by one at most; there
 * is no group where images are too few.
 */
function imageGroups(images: number, seed: number): readonly (readonly number[])[] {
  if (images < defaults.leastGroups) return [];
  const groups = Array.from({ length: Math.min(defaults.groups, images) }, (): number[] => []);
  const places = Array.from({ length: images }, (_, place) => place);
  for (const [i, place] of shuffle(random(seed, "interval groups"), places).entries())
    groups[i % groups.length]!.push(place);
  return groups;
}

/** Changes of a figure when one group counts half as much as the others, an eighth as much, or not at all. */
interface Moves {
  readonly half: number;
  readonly eighth: number;
  readonly without: number;
}

/**
 * Returns the pull of a group: the change of a figure without that group, scaled as the variance needs it. For a mean over N
 * instances, leaving one out in turn gives N / (N - 1) of the variance, and average precision is a mean over categories of
 * which many have few instances; counting one half in turn, scaled, gives 1 - 1 / (2 N - 1)² of it. But a category that is in
 * one group alone stays whole however little that group counts, and vanishes only with it: so the function adds what leaving
 * out moves beyond the parabola through a half and an eighth.
 */
function pullOf({ half, eighth, without }: Moves, groups: number): number {
  const expected = (32 / 21) * eighth - (2 / 3) * half;
  return (half * (2 * groups - 1)) / (groups - 1) + without - expected;
}

function intervalOf(
  value: number,
  pulls: readonly number[],
  shares: readonly number[],
  [least, most]: readonly [number, number],
): Interval {
  const groups = pulls.length;
  const centre = pulls.reduce((sum, pull) => sum + pull, 0) / groups;
  const squares = pulls.reduce((sum, pull) => sum + (pull - centre) ** 2, 0);
  const standardError = Math.sqrt(((groups - 1) / groups) * squares);
  if (groups === 0 || standardError < defaults.rounding) return { value };
  const effective = 1 / shares.reduce((sum, share) => sum + share ** 2, 0);
  const margin = studentT(Math.max(1, effective - 1), defaults.tail) * standardError;
  // Sums of rounded numbers may lie beyond the range by their last bit.
  return {
    value,
    low: Math.min(value, Math.max(least, value - margin)),
    high: Math.max(value, Math.min(most, value + margin)),
  };
}
