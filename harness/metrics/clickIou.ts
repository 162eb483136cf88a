import type { Metric, PredictionRow } from "../api.ts";
import { sumByImage, weightedMean } from "../stats/means.ts";
import { clickLimit } from "./noc.ts";

/** Numbers of clicks whose figures stand in tables. */
const shown: readonly number[] = [1, 3, 5, 10, 20];

const steps = Array.from({ length: clickLimit }, (_, i) => i + 1);
const idOf = (step: number) => `miou@${step}`;

/** Mean IoU over instances after each click (ids miou@1 to miou@20). */
export const clickIou: Metric = {
  module: import.meta.url,
  id: "click-iou",
  title: "mean IoU by click",
  about: `mean IoU over instances after each of ${clickLimit} clicks`,
  headline: idOf(clickLimit),
  better: "higher",
  unit: "fraction",
  needs: "rows",
  reads: ["iou", "step"],
  severalSteps: true,
  columns: shown.map((step) => ({ id: idOf(step), title: `mIoU@${step}` })),
  bySteps: steps.map((step) => ({ id: idOf(step), step })),
  meaning: "mIoU@k: mean IoU over n instances after k clicks",
  fit(rows, { images }) {
    const sums = steps.map((step) => sumByImage(instancesAt(rows, step), images));
    return (weights) => steps.map((step, i) => ({ id: idOf(step), ...weightedMean(sums[i]!, weights) }));
  },
};

function* instancesAt(rows: readonly PredictionRow[], step: number) {
  for (const row of rows) if (row.step === step && row.iou !== undefined) yield { image: row.image, value: row.iou };
}
