/** From stored rows to numbers. A metric is fitted once and re-weighted by image; figures are its values with intervals. */
import type { Metric } from "../api.ts";
import { miou } from "./miou.ts";

export { type Figure, figuresOf } from "./figures.ts";
export { epsilonIou, overlapWithBox, plainIou } from "./iou.ts";
export { cocoSizes, isOfSize } from "./sizes.ts";
export { suppress } from "./suppress.ts";
export { miou };

export const metrics: readonly Metric[] = [miou];
