import type { Protocol } from "../api.ts";
import { plainIou } from "../mask/overlap.ts";
import { cocoSizes, miou } from "../metrics/index.ts";
import { maskBox } from "../prompts/box.ts";
import { mostConfident } from "./choice.ts";
import { isObject } from "./inclusion.ts";

export const gtbox: Protocol = {
  module: import.meta.url,
  id: "miou-gtbox",
  title: "mIoU, tightest box",
  about: "the tightest box around the mask; most confident of the multimask tokens; crowds left out",
  source: "EfficientSAM, table 4; bLViT and the survey's table 6 give no more detail",
  confidence: "paper",
  prompted: "annotations",
  metrics: [miou],
  needs: ["box-prompt"],
  passes: [
    { sampler: maskBox, scored: [{ step: 1, prompts: "box" }], looksAt: "most confident", choose: mostConfident },
  ],
  sizes: cocoSizes,
  notes: [
    "the papers do not say how rows are averaged: mean over instances",
    "the papers do not mention crowds: left out, as for miou-random-points, whose columns stand in the same table",
    "masks without a pixel have no tightest box and are left out",
  ],
  includes: isObject,
  iou: plainIou,
};
