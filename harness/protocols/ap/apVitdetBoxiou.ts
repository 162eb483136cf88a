import type { Protocol } from "../../api.ts";
import { plainIou } from "../../mask/overlap.ts";
import { ap, cocoSizes } from "../../metrics/index.ts";
import { givenBox } from "../../prompts/box.ts";
import { nearestBox, withDetectorScore } from "../choice.ts";
import { isDetection } from "../inclusion.ts";

export const apVitdetBoxiou: Protocol = {
  module: import.meta.url,
  id: "ap-vitdet-boxiou",
  title: "AP, detector's boxes, mask nearest to the box",
  about: "a detector's boxes (--boxes); the multimask token with the highest IoU with the box; the detector's score",
  source: "EfficientSAM, table 5",
  confidence: "paper",
  prompted: "detections",
  metrics: [ap],
  needs: ["box-prompt"],
  passes: [
    {
      sampler: givenBox,
      scored: [{ step: 1, prompts: "det-boxiou" }],
      looksAt: "three masks",
      choose: withDetectorScore(nearestBox),
    },
  ],
  sizes: cocoSizes,
  notes: [
    "the paper does not say which score sorts: the detector's",
    "the bbox never reaches the metric: the size split goes by the mask's area",
  ],
  includes: isDetection,
  iou: plainIou,
};
