import type { ImageId, ImageWeights } from "../api.ts";
import { random, shuffle } from "./random.ts";
import { studentT } from "./studentT.ts";

const defaults = {
  /** Most groups that images are put into; with fewer images each is a group of its own. */
  groups: 40,
  /** Fewer images, or fewer groups with an instance, say too little about the spread between them. */
  leastGroups: 5,
  /** What lies outside of a 95 % interval. */
  tail: 0.05,
  /** A spread below it is of rounding alone. */
  rounding: 1e-12,
};

/** What a table's foot calls `intervalsOf`. */
export const intervalMethod = "jackknife by groups of images";

/** A figure with its 95 % interval, which holds the figure. No bounds where too few images say something of the spread. */
export interface Interval {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/** A figure of weighted images. */
export interface Estimate {
  /** Absent where there is no data. */
  readonly value?: number;
  /** Instances behind the value. */
  readonly n: number;
}

/** The same figures in the same order whatever the weights. */
export type Estimates = (weights: ImageWeights) => readonly Estimate[];

export interface IntervalOptions {
  /** Of the groups: the same seed and images make the same groups, whatever the figures. */
  readonly seed: number;
  /** What the figures can not leave; an interval is cut there, which takes no possible value out of it. */
  readonly range?: readonly [least: number, most: number];
}

/** Two figures of the same images, and the second less the first. */
export interface PairedInterval {
  readonly a: Interval;
  readonly b: Interval;
  readonly difference: Interval;
}

const fractions = [0, 1] as const;

/**
 * Each figure with its interval by a jackknife over groups of images: images are put into 40 groups (each image is one where
 * there are fewer), the pull of each group on the figure is measured (`pullOf`), and the interval is the figure ± t standard
 * errors. The degrees of freedom are the groups' effective number less one, 1 / sum of squares of their shares of instances:
 * one image with most of the instances does not count as many. Under 5 images, or 5 groups with an instance, no bounds.
 * Not a bootstrap: average precision of rare categories grows where images repeat, so that its interval of LVIS-like data does
 * not hold the figure itself. `npm run perf -- coverage` measures how often the intervals hold the mean of redrawn sets.
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
 * Figures of two sides with their intervals, and B less A with the interval of the difference: the same groups pull at both,
 * so what the two share (hard images) falls out. A figure that either side lacks is absent.
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

/** Sides that differ alike on every image differ by so much for certain; a figure of one side without spread is not certain. */
function differenceOf(
  value: number,
  pulls: readonly number[],
  shares: readonly number[],
  range: readonly [number, number],
): Interval {
  const alike = pulls.length > 0 && pulls.every((pull) => Math.abs(pull) < defaults.rounding);
  return alike ? { value, low: value, high: value } : intervalOf(value, pulls, shares, range);
}

/** A figure, and of each group its pull on the figure and its share of the figure's instances. */
interface PulledFigure {
  readonly value?: number | undefined;
  readonly pulls: readonly number[];
  readonly shares: readonly number[];
}

/** No groups, and so no pulls, where images or groups with an instance are too few. */
function pulledFigures(estimates: Estimates, images: Iterable<ImageId>, seed: number): readonly PulledFigure[] {
  const order = [...new Set(images)].sort((a, b) => a - b);
  const estimatesWith = (group: readonly number[], counted: number, others: number) => {
    const counts = new Uint32Array(order.length).fill(others);
    for (const place of group) counts[place] = counted;
    // Copied: a metric may hand out the same array again.
    return [...estimates({ images: order, counts })];
  };
  const groups = imageGroups(order.length, seed).map((group) => ({
    half: estimatesWith(group, 1, 2),
    eighth: estimatesWith(group, 1, 8),
    without: estimatesWith(group, 0, 1),
  }));
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

/** Places of images, drawn from the seed's stream; groups differ in size by one at most. None where images are too few. */
function imageGroups(images: number, seed: number): readonly (readonly number[])[] {
  if (images < defaults.leastGroups) return [];
  const groups = Array.from({ length: Math.min(defaults.groups, images) }, (): number[] => []);
  const places = Array.from({ length: images }, (_, place) => place);
  for (const [i, place] of shuffle(random(seed, "interval groups"), places).entries())
    groups[i % groups.length]!.push(place);
  return groups;
}

/** By how much a figure moves where one group counts half as much as others, an eighth, or not at all. */
interface Moves {
  readonly half: number;
  readonly eighth: number;
  readonly without: number;
}

/**
 * The pull of a group: by how much a figure moves without it, as the variance needs it. Of a mean over N instances, leaving one
 * out in turn gives N / (N - 1) of the variance, and average precision is a mean over categories of which many have few
 * instances; counting one half in turn, scaled, gives 1 - 1 / (2 N - 1)² of it. But a category of one group alone stays whole
 * however little the group counts, and vanishes only with it: so what leaving out moves beyond the parabola through a half and
 * an eighth is added.
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
