import type { ImageId, Metric, MetricContext, MetricValue, PredictionRow } from "../../api.ts";
import { cocoSizes } from "../../metrics/index.ts";
import { permutationP } from "../../stats/permutation.ts";
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
 * image by image at random, lie as far apart as they do. All figures see the same exchanges, and each exchange is evaluated
 * once.
 */
export function exchangeP(
  metric: Metric,
  shared: SharedPrompts,
  { dataset, seed, draws }: ExchangeOptions,
): readonly (number | undefined)[] {
  const both = fitBoth(metric, shared, dataset);
  const known = new Map<string, readonly (number | undefined)[]>();
  const differences = (exchanged: Uint8Array) => {
    const key = Buffer.from(exchanged).toString("latin1");
    const found = known.get(key) ?? differencesAt(both, exchanged);
    known.set(key, found);
    return found;
  };
  const figures = differences(new Uint8Array(shared.images.length)).length;
  return Array.from({ length: figures }, (_, i) =>
    permutationP((exchanged) => differences(exchanged)[i], shared.images.length, { seed, draws }),
  );
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

function interleaved(a: Uint32Array, b: Uint32Array): Uint32Array {
  const counts = new Uint32Array(2 * a.length);
  for (let i = 0; i < a.length; i++) {
    counts[2 * i] = a[i]!;
    counts[2 * i + 1] = b[i]!;
  }
  return counts;
}

/** Returns B less A where each marked image changes sides. */
function differencesAt(both: FittedBoth, exchanged: Uint8Array): readonly (number | undefined)[] {
  const kept = Uint32Array.from(exchanged, (each) => 1 - each);
  const swapped = Uint32Array.from(exchanged);
  const first = both(interleaved(kept, swapped));
  const second = both(interleaved(swapped, kept));
  return first.map(({ value }, i) => {
    const other = second[i]!.value;
    return value === undefined || other === undefined ? undefined : other - value;
  });
}
