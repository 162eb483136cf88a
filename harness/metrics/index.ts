/** From stored rows to numbers. A metric is fitted once and re-weighted by image; figures are its values with intervals. */
import type { Metric, MetricContext, Protocol } from "../api.ts";
import { ap } from "./ap.ts";
import { boundaryIou } from "./boundaryIou.ts";
import { calibration } from "./calibration.ts";
import { miou } from "./miou.ts";
import { ownMasks, recall } from "./recall.ts";

export { averagePrecision, categoryPrecisions } from "./ap.ts";
export { type ReliabilityBin, reliabilityTable } from "./calibration.ts";
export { type Figure, figuresOf } from "./figures.ts";
export { cocoSizes, isOfSize } from "./sizes.ts";
export { ap, boundaryIou, calibration, miou, ownMasks, recall };

export const metrics: readonly Metric[] = [miou, ap, recall, calibration, boundaryIou];

/** What a metric is told of the protocol. */
export function contextOf({ id, figures }: Pick<Protocol, "id" | "figures">): Required<MetricContext>["protocol"] {
  return { id, ranksMasks: figures !== "mean IoU" };
}

/** What a protocol's rows are summed up to: its headline is what two sides are judged by. */
export const metricOfFigures: Readonly<Record<Protocol["figures"], Metric>> = {
  "mean IoU": miou,
  "average precision": ap,
  "average recall": recall,
};
