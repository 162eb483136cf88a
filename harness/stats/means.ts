import type { ImageId, ImageWeights } from "../api.ts";
import { type Estimate, type Interval, intervalsOf, pairedIntervals } from "./intervals.ts";

/** Sum and count of the instances of each image, by ascending image id; an image without instances has 0 and 0. */
export interface ImageSums {
  readonly images: readonly ImageId[];
  readonly sums: Float64Array;
  readonly counts: Uint32Array;
}

/** Adds up instances by image. `images` are all images that were run, also those without an instance. */
export function sumByImage(
  instances: Iterable<{ readonly image: ImageId; readonly value: number }>,
  images: Iterable<ImageId>,
): ImageSums {
  const order = [...new Set(images)].sort((a, b) => a - b);
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

/** Joins the sums of two sides on the same images: image i of the first is image 2i, image i of the second is 2i + 1. */
export function joinSums(a: ImageSums, b: ImageSums): ImageSums {
  const both = {
    images: Array.from({ length: 2 * a.images.length }, (_, image) => image),
    sums: new Float64Array(2 * a.images.length),
    counts: new Uint32Array(2 * a.images.length),
  };
  for (const [side, { sums, counts }] of [a, b].entries())
    for (let i = 0; i < sums.length; i++) {
      both.sums[2 * i + side] = sums[i]!;
      both.counts[2 * i + side] = counts[i]!;
    }
  return both;
}

/** Returns the mean over instances with images weighted; it has no value where there is no instance. */
export function weightedMean({ sums, counts }: ImageSums, weights: ImageWeights): Estimate {
  let sum = 0;
  let n = 0;
  for (let i = 0; i < sums.length; i++) {
    sum += sums[i]! * weights.counts[i]!;
    n += counts[i]! * weights.counts[i]!;
  }
  return meanOf(sum, n);
}

/**
 * Returns the means of two sides after an exchange: images 2i and 2i + 1 are one image with the results of the first and of the second
 * side, which change sides where the exchange has a 1. They are those of `weightedMean` where each side's images count once.
 */
export function exchangedMeans(
  { sums, counts }: ImageSums,
  exchanged: Uint8Array,
): { readonly first: Estimate; readonly second: Estimate } {
  let first = 0;
  let second = 0;
  let ofFirst = 0;
  let ofSecond = 0;
  for (let i = 0; i < exchanged.length; i++) {
    const at = 2 * i + exchanged[i]!;
    const other = at ^ 1;
    first += sums[at]!;
    second += sums[other]!;
    ofFirst += counts[at]!;
    ofSecond += counts[other]!;
  }
  return { first: meanOf(first, ofFirst), second: meanOf(second, ofSecond) };
}

function meanOf(sum: number, n: number): Estimate {
  return n > 0 ? { value: sum / n, n } : { n };
}

/** Returns the mean of each image's instances; nothing for an image without one. */
export function imageMeans({ sums, counts }: ImageSums): readonly (number | undefined)[] {
  return Array.from(sums, (sum, i) => (counts[i] === 0 ? undefined : sum / counts[i]!));
}

export interface MeanInterval extends Interval {
  /** Instances behind the mean. */
  readonly n: number;
  readonly images: number;
}

/** Returns the mean over instances with its interval. The interval goes by image, because instances of one image are alike. */
export function meanInterval(sums: ImageSums, options: { readonly seed: number }): MeanInterval | undefined {
  const [found] = intervalsOf((weights) => [weightedMean(sums, weights)], sums.images, options);
  return found && { ...found, n: total(sums.counts), images: sums.images.length };
}

/**
 * Returns the mean of `a` minus the mean of `b` over the images that both have. What the two share (hard images) falls out, so
 * the interval is narrower than those of the two means suggest. `n` counts the instances of `a` on those images.
 */
export function pairedDifference(
  a: ImageSums,
  b: ImageSums,
  options: { readonly seed: number },
): MeanInterval | undefined {
  const inB = new Set(b.images);
  const both = new Set(a.images.filter((image) => inB.has(image)));
  const first = restrict(a, both);
  const second = restrict(b, both);
  const [found] = pairedIntervals(
    (weights) => [weightedMean(second, weights)],
    (weights) => [weightedMean(first, weights)],
    both,
    options,
  );
  return found && { ...found.difference, n: total(first.counts), images: both.size };
}

function restrict({ images, sums, counts }: ImageSums, to: ReadonlySet<ImageId>): ImageSums {
  const kept = [...images.keys()].filter((i) => to.has(images[i]!));
  return {
    images: kept.map((i) => images[i]!),
    sums: Float64Array.from(kept, (i) => sums[i]!),
    counts: Uint32Array.from(kept, (i) => counts[i]!),
  };
}

function total(counts: Uint32Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
