import type { Protocol } from "../api.ts";
import { plainIou } from "../mask/overlap.ts";
import { cocoSizes, miou } from "../metrics/index.ts";
import { centrePoints } from "../prompts/centrePoint.ts";
import { mostConfident, oracle } from "./choice.ts";
import { isObject } from "./inclusion.ts";

export const pointsDt: Protocol = {
  module: import.meta.url,
  id: "points-dt",
  title: "mIoU, centre points",
  about:
    "the mask's centre, then the centre of what is wrong, up to 9 points; most confident multimask token; crowds left out",
  source: "Segment Anything, section 7.1 and appendix D.1",
  confidence: "paper",
  prompted: "annotations",
  metrics: [miou],
  needs: [],
  passes: [
    {
      sampler: centrePoints,
      scored: [1, 2, 3, 5, 9].map((step) => ({ step, prompts: `${step}dt` })),
      looksAt: "most confident",
      choose: mostConfident,
    },
    { sampler: centrePoints, scored: [{ step: 1, prompts: "1dt-oracle" }], looksAt: "three masks", choose: oracle },
  ],
  sizes: cocoSizes,
  notes: [
    "no mask is fed back, and the choice is the same for every number of points (the paper does not say)",
    "the wrong region is what the mask kept misses and adds, taken together; no pixel is prompted twice",
    "1dt-oracle keeps the token with the highest measured IoU",
    "the paper averages over 23 datasets; this is the figure of one, a mean over instances",
    "a mask that is right to the last pixel is prompted again without a new point",
    "the paper's variant with a random first point is miou-random-points, 1p",
  ],
  includes: isObject,
  iou: plainIou,
};
