import type { ImageId, Metric, PredictionRow } from "../api.ts";
import { sumByImage, weightedMean } from "../stats/means.ts";
import { clickLimit } from "./noc.ts";

/** Numbers of clicks whose figures stand in tables. */
const shown: readonly number[] = [1, 3, 5, 10, 20];

interface Instance {
  readonly image: ImageId;
  readonly value: number;
}

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
    const sums = instancesByStep(rows).map((instances) => sumByImage(instances, images));
    return (weights) => steps.map((step, i) => ({ id: idOf(step), ...weightedMean(sums[i]!, weights) }));
  },
};

/** Returns the instances after each of the clicks, in their order. */
function instancesByStep(rows: readonly PredictionRow[]): readonly (readonly Instance[])[] {
  const found = steps.map((): Instance[] => []);
  for (const { image, iou, step } of rows) if (iou !== undefined) found[step - 1]?.push({ image, value: iou });
  return found;
}
