/** From stored rows to numbers. A metric is fitted once and re-weighted by image; figures are its values with intervals. */
import type { Metric } from "../api.ts";
import { ap } from "./ap.ts";
import { miou } from "./miou.ts";
import { recall } from "./recall.ts";

export { type Figure, figuresOf } from "./figures.ts";
export { epsilonIou, overlapWithBox, plainIou } from "./iou.ts";
export { cocoSizes, isOfSize } from "./sizes.ts";
export { suppress } from "./suppress.ts";
export { ap, miou, recall };

export const metrics: readonly Metric[] = [miou, ap, recall];
