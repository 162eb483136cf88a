import type { PromptPass, Protocol } from "../api.ts";
import { plainIou } from "../mask/overlap.ts";
import { cocoSizes, miou } from "../metrics/index.ts";
import { randomPoints } from "../prompts/randomPoints.ts";
import { mostConfident } from "./choice.ts";
import { isObject } from "./inclusion.ts";

export const randomPointsMiou: Protocol = {
  module: import.meta.url,
  id: "miou-random-points",
  title: "mIoU, random points",
  about:
    "1 or 3 pixels of the mask drawn together, without replacement; most confident multimask token; crowds left out",
  source: "EfficientSAM, table 4 (1 and 3 clicks); bLViT (1 and 3 points)",
  confidence: "paper",
  prompted: "annotations",
  metrics: [miou],
  needs: [],
  passes: [passOf(1), passOf(3)],
  sizes: cocoSizes,
  notes: [
    "the papers' seed is unknown: figures agree within the spread of the draws",
    "the papers do not say how rows are averaged: mean over instances",
    "the first of three points is the one point; a mask of fewer than three pixels gives all it has",
    "masks without a pixel are left out",
  ],
  includes: isObject,
  iou: plainIou,
};

/** Returns the pass of one count: all points come in one prompt, so the pass has one step. */
function passOf(count: number): PromptPass {
  return {
    sampler: randomPoints(count),
    scored: [{ step: 1, prompts: `${count}p` }],
    looksAt: "most confident",
    choose: mostConfident,
  };
}
