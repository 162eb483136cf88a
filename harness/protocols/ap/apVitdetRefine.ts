import type { Protocol } from "../../api.ts";
import { plainIou } from "../../mask/overlap.ts";
import { ap, cocoSizes } from "../../metrics/index.ts";
import { refinedBox } from "../../prompts/box.ts";
import { mostConfident, withDetectorScore } from "../choice.ts";
import { isDetection } from "../inclusion.ts";

export const apVitdetRefine: Protocol = {
  module: import.meta.url,
  id: "ap-vitdet-refine",
  title: "AP, detector's boxes, one mask-refinement pass",
  about:
    "a detector's boxes (--boxes); the most confident mask's logits are fed back with the box for one more pass; the detector's score",
  source: "Segment Anything, table 5 and appendix D.4",
  confidence: "paper",
  prompted: "detections",
  metrics: [ap],
  needs: ["mask-input", "box-prompt"],
  passes: [
    {
      sampler: refinedBox,
      scored: [{ step: 2, prompts: "det-refine" }],
      looksAt: "most confident",
      choose: withDetectorScore(mostConfident),
    },
  ],
  sizes: cocoSizes,
  notes: [
    "the paper does not say which mask the second pass keeps: the most confident again",
    "the bbox never reaches the metric: the size split goes by the mask's area",
  ],
  includes: isDetection,
  iou: plainIou,
};
