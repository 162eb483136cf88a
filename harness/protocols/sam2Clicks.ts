import type { Protocol } from "../api.ts";
import { plainIou } from "../mask/overlap.ts";
import { cocoSizes, miou } from "../metrics/index.ts";
import { centrePoints } from "../prompts/centrePoint.ts";
import { mostConfident } from "./choice.ts";
import { isObject } from "./inclusion.ts";

export const sam2Clicks: Protocol = {
  module: import.meta.url,
  id: "miou-sam2-clicks",
  title: "mIoU, SAM 2's clicks",
  about:
    "the mask's centre, then the centre of what is wrong, at 1 and 5 points; most confident multimask token; crowds left out",
  source: "EdgeTAM's README (facebookresearch/EdgeTAM@9cc44bf): 1-click and 5-click mIoU of SAM 2 on SA-23",
  confidence: "secondary",
  prompted: "annotations",
  metrics: [miou],
  needs: [],
  passes: [
    {
      sampler: centrePoints,
      scored: [1, 5].map((step) => ({ step, prompts: `${step}sam2` })),
      looksAt: "most confident",
      choose: mostConfident,
    },
  ],
  sizes: cocoSizes,
  notes: [
    "the table does not say how clicks are placed: points and choice are those of points-dt, Segment Anything's own evaluation",
    "SA-23's 23 datasets are not to be had together; this is the figure of the data that are here, a mean over instances",
    "nor does it say whether the mask of five clicks is the single mask's; the most confident of three is kept for both",
  ],
  includes: isObject,
  iou: plainIou,
};
