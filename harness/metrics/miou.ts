import type { ExchangedFigures, FittedMetric, ImageWeights, Metric, MetricContext, PredictionRow } from "../api.ts";
import { exchangedMeans, type ImageSums, imageMeans, joinSums, sumByImage, weightedMean } from "../stats/means.ts";
import { isOfSize } from "./sizes.ts";

/**
 * Mean IoU over instances, never over images or categories. It has one value over all instances (id `miou`) and one for each
 * size (the protocol's size ids). A row without IoU is not counted.
 */
export const miou: Metric = {
  module: import.meta.url,
  id: "miou",
  title: "mean IoU",
  about: "mean IoU over instances, of all and by size",
  headline: "miou",
  better: "higher",
  unit: "fraction",
  needs: "rows",
  reads: ["iou", "areaPx"],
  columns: [{ id: "miou", title: "mIoU" }],
  parts: [
    { id: "small", title: "mIoU small", meaning: "small (up to 32² px)" },
    { id: "medium", title: "mIoU medium", meaning: "medium (to 96² px)" },
    { id: "large", title: "mIoU large", meaning: "large" },
  ],
  meaning: "mIoU: mean over n instances",
  drawn: true,
  published: (metric, size) =>
    metric === "miou" ? { id: size === "all" ? "miou" : size, about: "annotated images" } : undefined,
  fit(rows, { images, sizes }: MetricContext) {
    return fitted([
      { id: "miou", sums: sumsOf(rows, images, () => true) },
      ...sizes.map((size) => ({
        id: size.id,
        sums: sumsOf(rows, images, ({ areaPx }) => isOfSize(size, areaPx)),
      })),
    ]);
  },
};

/** Sums of the instances of all sizes, or of one. */
interface SizeSums {
  readonly id: string;
  readonly sums: ImageSums;
}

/** Sums of each fitted metric: two that are fitted are joined, and their rows are not added up again. */
const groupsOf = new WeakMap<FittedMetric, readonly SizeSums[]>();

function fitted(groups: readonly SizeSums[]): FittedMetric {
  const valuesAt = (weights: ImageWeights) => groups.map(({ id, sums }) => ({ id, ...weightedMean(sums, weights) }));
  const found: FittedMetric = Object.assign(valuesAt, {
    ofImages: () => imageMeans(groups[0]!.sums),
    byExchange: (exchanges: Iterable<Uint8Array>) => exchangedFigures(groups, exchanges),
    joined(other: FittedMetric) {
      const others = groupsOf.get(other);
      return others && fitted(groups.map(({ id, sums }, i) => ({ id, sums: joinSums(sums, others[i]!.sums) })));
    },
  });
  groupsOf.set(found, groups);
  return found;
}

function* exchangedFigures(
  groups: readonly SizeSums[],
  exchanges: Iterable<Uint8Array>,
): Generator<ExchangedFigures, void, void> {
  for (const exchanged of exchanges) {
    const means = groups.map(({ id, sums }) => ({ id, ...exchangedMeans(sums, exchanged) }));
    yield {
      first: means.map(({ id, first }) => ({ id, ...first })),
      second: means.map(({ id, second }) => ({ id, ...second })),
    };
  }
}

function sumsOf(
  rows: readonly PredictionRow[],
  images: MetricContext["images"],
  counts: (row: PredictionRow) => boolean,
): ImageSums {
  return sumByImage(instancesOf(rows, counts), images);
}

/** Yields instances one at a time: a large set has hundreds of thousands. */
function* instancesOf(rows: readonly PredictionRow[], counts: (row: PredictionRow) => boolean) {
  for (const row of rows) if (row.iou !== undefined && counts(row)) yield { image: row.image, value: row.iou };
}
