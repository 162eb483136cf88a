import type { ImageWeights, Metric, MetricContext, MetricValue, PredictionRow } from "../api.ts";
import { type ImageSums, sumByImage, weightedMean } from "../stats/bootstrap.ts";
import { isOfSize } from "./sizes.ts";

/**
 * Mean IoU over instances, never over images or categories: of all (id `miou`) and by size (the protocol's size ids).
 * A row without IoU is not counted.
 */
export const miou: Metric = {
  id: "miou",
  unit: "fraction",
  fit(rows, { images, sizes }: MetricContext) {
    const groups = [
      { id: "miou", sums: sumsOf(rows, images) },
      ...sizes.map((size) => ({
        id: size.id,
        sums: sumsOf(
          rows.filter(({ areaPx }) => isOfSize(size, areaPx)),
          images,
        ),
      })),
    ];
    return (weights) => groups.map(({ id, sums }) => meanOf(id, sums, weights));
  },
};

function sumsOf(rows: readonly PredictionRow[], images: MetricContext["images"]): ImageSums {
  const instances = rows.flatMap(({ image, iou }) => (iou === undefined ? [] : [{ image, value: iou }]));
  return sumByImage(instances, images);
}

function meanOf(id: string, sums: ImageSums, weights: ImageWeights): MetricValue {
  const value = weightedMean(sums, weights);
  const n = sums.counts.reduce((total, count, i) => total + count * weights.counts[i]!, 0);
  return { id, ...(value === undefined ? {} : { value }), n };
}
