import type { ImageId, Metric, PredictionRow, ReliabilityBin } from "../api.ts";

const defaults = { bins: 10 };

interface Sample {
  readonly image: ImageId;
  readonly bin: number;
  readonly predicted: number;
  readonly measured: number;
}

/**
 * Expected calibration error of predicted IoU (id `ece`). It is the mean distance between predicted and measured IoU over bins,
 * weighted by the bins' rows. There are ten bins of equal width; a prediction outside 0 … 1 counts as the nearer end.
 * Source: Guo et al. 2017, On Calibration of Modern Neural Networks, with IoU in place of accuracy.
 */
export const calibration: Metric = {
  module: import.meta.url,
  id: "calibration",
  title: "calibration error",
  about: "distance between predicted and measured IoU, over ten bins of predicted IoU",
  headline: "ece",
  better: "lower",
  unit: "fraction",
  needs: "rows",
  reads: ["predictedIou", "iou"],
  columns: [],
  reliability: reliabilityTable,
  fit(rows) {
    const samples = samplesOf(rows);
    return ({ images, counts }) => {
      const times = new Map(images.map((image, i) => [image, counts[i]!]));
      const sums = Array.from({ length: defaults.bins }, () => ({ n: 0, difference: 0 }));
      for (const { image, bin, predicted, measured } of samples) {
        const weight = times.get(image) ?? 0;
        sums[bin]!.n += weight;
        sums[bin]!.difference += weight * (predicted - measured);
      }
      const n = sums.reduce((total, sum) => total + sum.n, 0);
      const error = sums.reduce((total, { difference }) => total + Math.abs(difference), 0) / n;
      return [{ id: "ece", value: n === 0 ? undefined : error, n }];
    };
  },
};

/** Returns the means of predicted and measured IoU in each bin, of which the error is made. */
export function reliabilityTable(
  rows: readonly Pick<PredictionRow, "image" | "predictedIou" | "iou">[],
): readonly ReliabilityBin[] {
  const samples = samplesOf(rows);
  return Array.from({ length: defaults.bins }, (_, bin) => {
    const own = samples.filter((sample) => sample.bin === bin);
    const mean = (pick: (sample: Sample) => number) => own.reduce((sum, sample) => sum + pick(sample), 0) / own.length;
    const means =
      own.length === 0
        ? {}
        : { predictedIou: mean(({ predicted }) => predicted), iou: mean(({ measured }) => measured) };
    return { from: bin / defaults.bins, to: (bin + 1) / defaults.bins, n: own.length, ...means };
  });
}

/** Returns the rows that have a measured IoU, each with its bin. */
function samplesOf(rows: readonly Pick<PredictionRow, "image" | "predictedIou" | "iou">[]): readonly Sample[] {
  return rows.flatMap(({ image, predictedIou, iou }) => {
    if (iou === undefined) return [];
    const predicted = Math.min(Math.max(predictedIou, 0), 1);
    return [
      { image, bin: Math.min(Math.floor(predicted * defaults.bins), defaults.bins - 1), predicted, measured: iou },
    ];
  });
}
