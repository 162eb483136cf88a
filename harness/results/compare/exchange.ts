import type { ExchangedFigures, FittedMetric, ImageId, Metric, MetricContext, PredictionRow } from "../../api.ts";
import { cocoSizes } from "../../metrics/index.ts";
import { begunPermutation, type Exchanges } from "../../stats/permutation.ts";
import type { SharedPrompts } from "./side.ts";

type Annotated = NonNullable<MetricContext["dataset"]>;

/** A metric, and what it makes of each side alone. */
export interface FittedSides {
  readonly metric: Metric;
  readonly a: FittedMetric;
  readonly b: FittedMetric;
}

interface ExchangeOptions {
  readonly dataset?: Annotated;
  readonly seed: number;
  readonly draws: number;
}

/**
 * Begins to exchange the results of A and B, and returns a function that returns the p value of each figure of a metric, in the order
 * of its values: how often the results, exchanged image by image at random, lie as far apart as they do. Until it is called, another
 * thread may go on with it.
 */
export function begunExchange(
  { metric, a, b }: FittedSides,
  shared: SharedPrompts,
  { dataset, seed, draws }: ExchangeOptions,
): () => readonly (number | undefined)[] {
  const both = a.joined?.(b) ?? fitBoth(metric, shared, dataset);
  const { length } = shared.images;
  const figuresOf = both.byExchange ?? ((exchanges) => oneByOne(both, length, exchanges));
  return begunPermutation((exchanges) => differences(figuresOf(exchanges)), length, { seed, draws });
}

/**
 * Fits both sides as one: image i of A is image 2i, image i of B is 2i + 1. Weights then say of each image which side is
 * meant, so an exchange of the two costs only sums.
 */
function fitBoth(metric: Metric, { a, b, images }: SharedPrompts, dataset: MetricContext["dataset"]): FittedMetric {
  const places = new Map(images.map((image, i) => [image, i]));
  const moved = (rows: readonly PredictionRow[], side: 0 | 1) =>
    rows.map((row) => ({ ...row, image: 2 * places.get(row.image)! + side }));
  return metric.fit([...moved(a, 0), ...moved(b, 1)], {
    images: doubled(images.length),
    sizes: cocoSizes,
    dataset: dataset === undefined ? undefined : twice(dataset, images),
  });
}

/** Returns the numbers of `fitBoth` for so many images. */
function doubled(images: number): readonly ImageId[] {
  return Array.from({ length: 2 * images }, (_, i) => i);
}

/** Returns the dataset under the numbers of `fitBoth`, with everything that decides how it is scored. */
function twice(dataset: Annotated, images: readonly ImageId[]): Annotated {
  const { categories, annotationsOf, listsOf } = dataset;
  const imageOf = (doubled: ImageId) => images[doubled >> 1]!;
  return {
    categories,
    annotationsOf: (image) => annotationsOf(imageOf(image)).map((annotation) => ({ ...annotation, image })),
    listsOf: listsOf === undefined ? undefined : (image: ImageId) => listsOf(imageOf(image)),
  };
}

/** Yields B less A of each figure; nothing for a figure that a side lacks. */
function* differences(exchanged: Iterable<ExchangedFigures>): Generator<readonly (number | undefined)[], void, void> {
  for (const { first, second } of exchanged)
    yield first.map(({ value }, i) => {
      const other = second[i]?.value;
      return value === undefined || other === undefined ? undefined : other - value;
    });
}

/** Yields what `FittedMetric.byExchange` would, for a metric that has none. */
function* oneByOne(both: FittedMetric, length: number, exchanges: Exchanges): Generator<ExchangedFigures, void, void> {
  const images = doubled(length);
  // Written anew at each exchange: a thousand of five thousand images would be a hundred megabytes.
  const first = new Uint32Array(2 * length);
  const second = new Uint32Array(2 * length);
  for (const exchanged of exchanges) {
    for (let i = 0; i < length; i++) {
      const swapped = exchanged[i]!;
      first[2 * i] = 1 - swapped;
      first[2 * i + 1] = swapped;
      second[2 * i] = swapped;
      second[2 * i + 1] = 1 - swapped;
    }
    yield { first: both({ images, counts: first }), second: both({ images, counts: second }) };
  }
}
