import type { PromptPass, PromptSampler, Protocol } from "../api.ts";
import { plainIou } from "../mask/overlap.ts";
import { cocoSizes, miou } from "../metrics/index.ts";
import { boxThenErrors, centreThenErrors } from "../prompts/errorPoints.ts";
import { singleMask } from "./choice.ts";
import { isObject } from "./inclusion.ts";

export const edgesam: Protocol = {
  module: import.meta.url,
  id: "miou-edgesam",
  title: "mIoU, EdgeSAM's rounds",
  about: "the annotated box or the mask's centre, then twice a random wrong pixel; single-mask token; crowds left out",
  source: "chongzhou96/EdgeSAM, evaluation/eval_mIoU.py, scripts/eval_mIoU.sh",
  confidence: "repo",
  prompted: "annotations",
  metrics: [miou],
  needs: ["single-mask-token", "box-prompt"],
  passes: [passOf("box", boxThenErrors), passOf("centre", centreThenErrors)],
  sizes: cocoSizes,
  notes: [
    "the source looks for wrong pixels at the decoder's 256 x 256 and prompts their upper left corner; here at image size, with the bound of ten pixels converted",
    "where fewer are wrong, the source adds a point of label -2, which is all zeros and still takes part in attention; here no point is added",
    "the source resizes the target to the model frame and back with threshold 0, which dilates it a little; here it stays as annotated",
    "the source finds the centre in the model frame by an approximate distance transform; here it is exact, at image size",
    "masks without a pixel are left out; the source drops what has no IoU",
    "at most 64 prompts an image, drawn with repeats, is the source's rule for SA-1B alone",
  ],
  includes: isObject,
  iou: plainIou,
};

/**
 * Returns the pass of one start. It has three rounds, as the source's script has for COCO; the source's LVIS figures are those
 * of the first round.
 */
function passOf(start: string, sampler: PromptSampler): PromptPass {
  const scored = [0, 1, 2].map((added) => ({ step: added + 1, prompts: `${start}+${added}p` }));
  return { sampler, scored, looksAt: "single mask", choose: singleMask };
}
