import type { ImageId, ImageWeights } from "../api.ts";
import { integer, random } from "./random.ts";
import { quantile } from "./summary.ts";

const defaults = { draws: 1000 };

export interface BootstrapOptions {
  readonly seed: number;
  readonly draws?: number;
}

/** A figure with its 95 % interval. One image says nothing about the spread between images: then there are no bounds. */
export interface Interval {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/**
 * Draws as many images as there are, with replacement, once a yield. Draw k is a stream of its own, so fewer or more draws
 * change none of them, and two variants on the same images see the same weights: their differences are paired.
 * An image drawn twice counts twice: a set of the drawn images would make intervals 24 % too narrow (bootstrap.test.ts).
 */
export function* imageWeights(
  seed: number,
  images: Iterable<ImageId>,
  draws: number = defaults.draws,
): Generator<ImageWeights, void, void> {
  const order = ascending(images);
  if (lastDrawn.seed !== seed || lastDrawn.images !== order.length)
    lastDrawn = { seed, images: order.length, counts: [] };
  const { counts: known } = lastDrawn;
  for (let draw = 0; draw < draws; draw++) {
    const counts = known[draw] ?? drawCounts(seed, draw, order.length);
    if (draw === known.length && (draw + 1) * order.length <= keptCounts) known.push(counts);
    yield { images: order, counts };
  }
}

function drawCounts(seed: number, draw: number, images: number): Uint32Array {
  const stream = random(seed, "bootstrap", draw);
  const counts = new Uint32Array(images);
  for (let i = 0; i < images; i++) counts[integer(stream, images)]!++;
  return counts;
}

/** Counts follow from seed and number of images; every figure of a table asks for the same ones. 32 MB are kept at most. */
let lastDrawn: { readonly seed: number; readonly images: number; readonly counts: Uint32Array[] } = {
  ...{ seed: Number.NaN, images: 0, counts: [] },
};
const keptCounts = 8_000_000;

/**
 * Several figures from the same draws, each with the percentile interval of its own distribution: a figure that a draw does
 * not define (no small object was drawn) goes without that draw, one that the images themselves do not define stays undefined.
 * Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3; clusters are images.
 */
export function bootstrapIntervals(
  statistics: (weights: ImageWeights) => readonly (number | undefined)[],
  images: Iterable<ImageId>,
  { seed, draws = defaults.draws }: BootstrapOptions,
): (Interval | undefined)[] {
  const order = ascending(images);
  const values = statistics({ images: order, counts: new Uint32Array(order.length).fill(1) });
  const drawn = values.map((): number[] => []);
  if (order.length > 1) {
    for (const weights of imageWeights(seed, order, draws)) {
      for (const [i, value] of statistics(weights).entries()) if (value !== undefined) drawn[i]!.push(value);
    }
  }
  return values.map((value, i) => (value === undefined ? undefined : interval(value, drawn[i]!)));
}

export function bootstrapInterval(
  statistic: (weights: ImageWeights) => number | undefined,
  images: Iterable<ImageId>,
  options: BootstrapOptions,
): Interval | undefined {
  return bootstrapIntervals((weights) => [statistic(weights)], images, options)[0];
}

/** Sum and count of the instances of each image, by ascending image id; an image without instances has 0 and 0. */
export interface ImageSums {
  readonly images: readonly ImageId[];
  readonly sums: Float64Array;
  readonly counts: Uint32Array;
}

/** `images` are all that were run, those without an instance too: they are drawn like the others. */
export function sumByImage(
  instances: Iterable<{ readonly image: ImageId; readonly value: number }>,
  images: Iterable<ImageId>,
): ImageSums {
  const order = ascending(images);
  const place = new Map(order.map((image, i) => [image, i]));
  const totals = { images: order, sums: new Float64Array(order.length), counts: new Uint32Array(order.length) };
  for (const { image, value } of instances) {
    const i = place.get(image);
    if (i === undefined) throw new Error(`sumByImage: image ${image} has an instance and is not among the images`);
    totals.sums[i]! += value;
    totals.counts[i]!++;
  }
  return totals;
}

/** The mean over instances, images weighted; nothing where no instance was drawn. */
export function weightedMean({ sums, counts }: ImageSums, weights: ImageWeights): number | undefined {
  let [sum, count] = [0, 0];
  for (let i = 0; i < sums.length; i++) {
    sum += sums[i]! * weights.counts[i]!;
    count += counts[i]! * weights.counts[i]!;
  }
  return count > 0 ? sum / count : undefined;
}

export interface MeanInterval extends Interval {
  /** Instances behind the mean. */
  readonly n: number;
  readonly images: number;
}

/** The mean over instances with its interval, drawn by image since instances of one image are alike. */
export function meanInterval(sums: ImageSums, options: BootstrapOptions): MeanInterval | undefined {
  const found = bootstrapInterval((weights) => weightedMean(sums, weights), sums.images, options);
  return found && { ...found, n: total(sums.counts), images: sums.images.length };
}

/**
 * Mean of `a` minus mean of `b` over the images that both have, drawn together: what two variants share (hard images) falls
 * out, so the interval is narrower than those of the two means suggest. `n` counts the instances of `a` on those images.
 */
export function pairedDifference(a: ImageSums, b: ImageSums, options: BootstrapOptions): MeanInterval | undefined {
  const inB = new Set(b.images);
  const both = new Set(a.images.filter((image) => inB.has(image)));
  const [first, second] = [restrict(a, both), restrict(b, both)];
  const difference = (weights: ImageWeights) => {
    const [x, y] = [weightedMean(first, weights), weightedMean(second, weights)];
    return x === undefined || y === undefined ? undefined : x - y;
  };
  const found = bootstrapInterval(difference, both, options);
  return found && { ...found, n: total(first.counts), images: both.size };
}

function restrict({ images, sums, counts }: ImageSums, to: ReadonlySet<ImageId>): ImageSums {
  const kept = [...images.keys()].filter((i) => to.has(images[i]!));
  return {
    images: kept.map((i) => images[i]!),
    sums: Float64Array.from(kept, (i) => sums[i]!),
    counts: Uint32Array.from(kept, (i) => counts[i]!),
  };
}

function interval(value: number, drawn: readonly number[]): Interval {
  if (drawn.length === 0) return { value };
  return { value, low: quantile(drawn, 0.025), high: quantile(drawn, 0.975) };
}

function ascending(images: Iterable<ImageId>): readonly ImageId[] {
  return [...new Set(images)].sort((a, b) => a - b);
}

function total(counts: Uint32Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
