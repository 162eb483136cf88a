/**
 * Metrics turn stored rows into numbers. A metric is fitted once and re-weighted by image; figures are its values with
 * intervals.
 */
import type { Metric, Protocol, ScoredProtocol } from "../api.ts";
import { ap } from "./ap.ts";
import { boundaryIou } from "./boundaryIou.ts";
import { calibration } from "./calibration.ts";
import { clickIou } from "./clickIou.ts";
import { miou } from "./miou.ts";
import { noc, unreached } from "./noc.ts";
import { ownMasks, recall } from "./recall.ts";

export { type Figure, figuresById, figuresOf, suits } from "./figures.ts";
export { cocoSizes, isOfSize } from "./sizes.ts";
export { printed, rangeOf, type UnitForm, unitOf, units } from "./units.ts";
export { ap, boundaryIou, calibration, clickIou, miou, noc, ownMasks, recall, unreached };

const ofClicks = [noc, unreached, clickIou];

/** All metrics in the order of a table's columns. A metric is added here, or by `--plugin`; nothing else names it. */
export const metrics: readonly Metric[] = [miou, ...ofClicks, ap, recall, calibration, boundaryIou];

/** Returns what a metric is told about the protocol of its rows. */
export function contextOf({ id, metrics: [first] }: Pick<Protocol, "id" | "metrics">): ScoredProtocol {
  return { id, ranksMasks: first.reads.includes("score"), severalSteps: first.severalSteps };
}
