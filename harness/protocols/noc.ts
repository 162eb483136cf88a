import type { PromptPass, Protocol } from "../api.ts";
import { plainIou } from "../mask/overlap.ts";
import { clickIou, cocoSizes, noc as numberOfClicks, unreached } from "../metrics/index.ts";
import { clicks, clicksWithMask } from "../prompts/clicks.ts";
import { mostConfident } from "./choice.ts";
import { isObject } from "./inclusion.ts";

/** Clicks that a target is given. The metrics count to the same limit. */
const limit = 20;

export const noc: Protocol = {
  module: import.meta.url,
  id: "noc",
  title: "number of clicks",
  about: `${limit} clicks, each where most is wrong, without (noc) and with the last mask's logits fed back (noc-mask); most confident multimask token at every click; crowds left out`,
  source: "SamsungLabs/ritm_interactive_segmentation@b9b4460, isegm/inference/clicker.py, evaluation.py and utils.py",
  confidence: "repo",
  prompted: "annotations",
  metrics: [numberOfClicks, unreached, clickIou],
  needs: [],
  passes: [passOf("noc", {}), passOf("noc-mask", { sampler: clicksWithMask, needs: ["mask-input"] })],
  sizes: cocoSizes,
  notes: [
    "each click is kept as a row, so that rows of one target go by their step",
    "the source stops clicking once the IoU is reached; here all clicks are made, and the first that reaches it counts",
    "the source counts a target that the last click brings there among those that fail; here it is not among them",
    "the source's models take the last mask as a probability; SAM takes low-res logits, those of the token that was kept",
    "where nothing is wrong, the next click is background on the first pixel, as in the source",
  ],
  includes: isObject,
  iou: plainIou,
};

/** Returns the pass of one prompts name, with a row of each click. */
function passOf(prompts: string, own: Partial<Pick<PromptPass, "sampler" | "needs">>): PromptPass {
  return {
    sampler: clicks,
    scored: Array.from({ length: limit }, (_, i) => ({ step: i + 1, prompts })),
    looksAt: "most confident",
    choose: mostConfident,
    ...own,
  };
}
