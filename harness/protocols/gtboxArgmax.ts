import type { Protocol } from "../api.ts";
import { epsilonIou } from "../mask/overlap.ts";
import { cocoSizes, miou } from "../metrics/index.ts";
import { givenBox } from "../prompts/box.ts";
import { mostConfident } from "./choice.ts";
import { isOfOnePixel } from "./inclusion.ts";

export const gtboxArgmax: Protocol = {
  module: import.meta.url,
  id: "miou-gtbox-argmax",
  title: "mIoU, annotated box",
  about: "the annotation's bbox; most confident of the multimask tokens; crowds included, area < 1 px left out",
  source: "mit-han-lab/efficientvit, applications/efficientvit_sam/eval_efficientvit_sam_model.py",
  confidence: "repo",
  prompted: "annotations",
  metrics: [miou],
  needs: ["box-prompt"],
  passes: [
    { sampler: givenBox, scored: [{ step: 1, prompts: "box" }], looksAt: "most confident", choose: mostConfident },
  ],
  sizes: cocoSizes,
  notes: [
    "IoU has 1e-7 px added to the union, as in the source",
    "NanoSAM's figure of this name has no 1e-7 and leaves no area out",
    "the source evaluates a few images twice when their number does not divide by the number of GPUs; here each once",
  ],
  includes: isOfOnePixel,
  iou: epsilonIou,
};
