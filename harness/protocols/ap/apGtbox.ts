import type { Protocol } from "../../api.ts";
import { plainIou } from "../../mask/overlap.ts";
import { ap, cocoSizes, miou } from "../../metrics/index.ts";
import { givenBox } from "../../prompts/box.ts";
import { mostConfident, withPredictedIou } from "../choice.ts";
import { isObject } from "../inclusion.ts";

export const apGtbox: Protocol = {
  module: import.meta.url,
  id: "ap-gtbox",
  title: "AP, annotated boxes",
  about:
    "the annotation's bbox; most confident of the multimask tokens; predicted IoU as the score; crowds are not prompted",
  source: "CAR-SAM, as others quote it",
  confidence: "secondary",
  prompted: "annotations",
  metrics: [ap, miou],
  needs: ["box-prompt", "predicted-iou"],
  passes: [
    {
      sampler: givenBox,
      scored: [{ step: 1, prompts: "gt-box" }],
      looksAt: "most confident",
      choose: withPredictedIou(mostConfident),
    },
  ],
  sizes: cocoSizes,
  notes: [
    "mask kept and score are not published: most confident, and its predicted IoU",
    "the category is the annotation's own",
  ],
  includes: isObject,
  iou: plainIou,
};
