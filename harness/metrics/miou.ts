import type { Metric, MetricContext, PredictionRow } from "../api.ts";
import { type ImageSums, sumByImage, weightedMean } from "../stats/means.ts";
import { isOfSize } from "./sizes.ts";

/**
 * Mean IoU over instances, never over images or categories: of all (id `miou`) and by size (the protocol's size ids).
 * A row without IoU is not counted.
 */
export const miou: Metric = {
  id: "miou",
  headline: "miou",
  better: "higher",
  unit: "fraction",
  fit(rows, { images, sizes }: MetricContext) {
    const groups = [
      { id: "miou", sums: sumsOf(rows, images, () => true) },
      ...sizes.map((size) => ({
        id: size.id,
        sums: sumsOf(rows, images, ({ areaPx }) => isOfSize(size, areaPx)),
      })),
    ];
    return (weights) => groups.map(({ id, sums }) => ({ id, ...weightedMean(sums, weights) }));
  },
};

function sumsOf(
  rows: readonly PredictionRow[],
  images: MetricContext["images"],
  counts: (row: PredictionRow) => boolean,
): ImageSums {
  return sumByImage(instancesOf(rows, counts), images);
}

/** One at a time: a large set has hundreds of thousands. */
function* instancesOf(rows: readonly PredictionRow[], counts: (row: PredictionRow) => boolean) {
  for (const row of rows) if (row.iou !== undefined && counts(row)) yield { image: row.image, value: row.iou };
}
