import type { Protocol } from "../api.ts";
import { plainIou } from "../mask/overlap.ts";
import { cocoSizes, miou } from "../metrics/index.ts";
import { centreOfMass } from "../prompts/centreOfMass.ts";
import { hasPixels } from "../prompts/pixels.ts";
import { mostConfident } from "./choice.ts";

export const comPoint: Protocol = {
  module: import.meta.url,
  id: "miou-com-point",
  title: "mIoU, centre of mass",
  about:
    "the rounded centre of mass, or the most surrounded pixel where that lies outside; most confident multimask token; crowds included",
  source: "pytorch-labs/segment-anything-fast, experiments/data.py, metrics.py, eval_combo.py",
  confidence: "repo",
  prompted: "annotations",
  metrics: [miou],
  needs: [],
  passes: [
    { sampler: centreOfMass, scored: [{ step: 1, prompts: "com" }], looksAt: "most confident", choose: mostConfident },
  ],
  sizes: cocoSizes,
  notes: [
    "mean over all masks: the source prints tables by category and does not use them",
    "masks without a pixel are left out: the source stops at one",
  ],
  includes: hasPixels,
  iou: plainIou,
};
