import type { ImageId, Metric, MetricContext, MetricValue, PredictionRow } from "../../api.ts";
import { cocoSizes } from "../../metrics/index.ts";
import { permutationPs } from "../../stats/permutation.ts";
import type { SharedPrompts } from "./side.ts";

type Annotated = NonNullable<MetricContext["dataset"]>;
type FittedBoth = (counts: Uint32Array) => readonly MetricValue[];

interface ExchangeOptions {
  readonly dataset?: Annotated;
  readonly seed: number;
  readonly draws: number;
}

/**
 * Returns the p value of each figure of a metric, in the order of its values: how often the results of A and B, exchanged
 * image by image at random, lie as far apart as they do.
 */
export function exchangeP(
  metric: Metric,
  shared: SharedPrompts,
  { dataset, seed, draws }: ExchangeOptions,
): readonly (number | undefined)[] {
  const { images } = shared;
  const differencesAt = exchanger(fitBoth(metric, shared, dataset), images.length);
  return permutationPs(differencesAt, images.length, { seed, draws });
}

/**
 * Fits both sides as one: image i of A is image 2i, image i of B is 2i + 1. Weights then say of each image which side is
 * meant, so an exchange of the two costs only sums.
 */
function fitBoth(metric: Metric, { a, b, images }: SharedPrompts, dataset: MetricContext["dataset"]): FittedBoth {
  const places = new Map(images.map((image, i) => [image, i]));
  const moved = (rows: readonly PredictionRow[], side: 0 | 1) =>
    rows.map((row) => ({ ...row, image: 2 * places.get(row.image)! + side }));
  const doubled = Array.from({ length: 2 * images.length }, (_, i) => i);
  const context = {
    images: doubled,
    sizes: cocoSizes,
    dataset: dataset === undefined ? undefined : twice(dataset, images),
  };
  const valuesAt = metric.fit([...moved(a, 0), ...moved(b, 1)], context);
  return (counts) => valuesAt({ images: doubled, counts });
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

/** Returns a function that gives B less A, for each figure, where each marked image changes sides. */
function exchanger(both: FittedBoth, images: number): (exchanged: Uint8Array) => readonly (number | undefined)[] {
  // Written anew at each call: a thousand exchanges of five thousand images would be a hundred megabytes.
  const first = new Uint32Array(2 * images);
  const second = new Uint32Array(2 * images);
  return (exchanged) => {
    for (let i = 0; i < images; i++) {
      const swapped = exchanged[i]!;
      first[2 * i] = 1 - swapped;
      first[2 * i + 1] = swapped;
      second[2 * i] = swapped;
      second[2 * i + 1] = 1 - swapped;
    }
    const others = both(second).map(({ value }) => value);
    return both(first).map(({ value }, i) => {
      const other = others[i];
      return value === undefined || other === undefined ? undefined : other - value;
    });
  };
}
