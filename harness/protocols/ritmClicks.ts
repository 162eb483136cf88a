import type { Protocol } from "../api.ts";
import { epsilonIou } from "../mask/overlap.ts";
import { cocoSizes, miou } from "../metrics/index.ts";
import { clicks } from "../prompts/clicks.ts";
import { mostConfident } from "./choice.ts";
import { isOfOnePixel } from "./inclusion.ts";

export const ritmClicks: Protocol = {
  module: import.meta.url,
  id: "miou-ritm-clicks",
  title: "mIoU, simulated clicks",
  about:
    "1, 3, 5 clicks, each where most is wrong; most confident multimask token at every click; crowds included, area < 1 px left out",
  source: "mit-han-lab/efficientvit, applications/efficientvit_sam/sam_eval_utils.py",
  confidence: "repo",
  prompted: "annotations",
  metrics: [miou],
  needs: [],
  passes: [
    {
      sampler: clicks,
      scored: [1, 3, 5].map((step) => ({ step, prompts: `${step}c` })),
      looksAt: "most confident",
      choose: mostConfident,
    },
  ],
  sizes: cocoSizes,
  notes: [
    "no mask is fed back",
    "IoU has 1e-7 px added to the union, as in the source",
    "where nothing is wrong, the next click is background on the first pixel, as in the source",
    "1, 3 and 5 clicks come from one pass of five: the first clicks of five are those of fewer",
  ],
  includes: isOfOnePixel,
  iou: epsilonIou,
};
