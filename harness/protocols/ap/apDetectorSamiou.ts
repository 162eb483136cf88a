import type { Protocol } from "../../api.ts";
import { plainIou } from "../../mask/overlap.ts";
import { ap, cocoSizes } from "../../metrics/index.ts";
import { givenBox } from "../../prompts/box.ts";
import { singleMask, withFusedScore } from "../choice.ts";
import { isDetection } from "../inclusion.ts";

export const apDetectorSamiou: Protocol = {
  module: import.meta.url,
  id: "ap-detector-samiou",
  title: "AP, detector's boxes, fused score",
  about: "a detector's boxes (--boxes); the single-mask token; the detector's score times the predicted IoU",
  source: "PTQ4SAM and Prompt-Segment-Anything, in their code",
  confidence: "repo",
  prompted: "detections",
  metrics: [ap],
  needs: ["single-mask-token", "box-prompt", "predicted-iou"],
  passes: [
    {
      sampler: givenBox,
      scored: [{ step: 1, prompts: "det-samiou" }],
      looksAt: "single mask",
      choose: withFusedScore(singleMask),
    },
  ],
  sizes: cocoSizes,
  notes: [
    "the source gives an image without detections one empty box of score 0.1; here such an image has none",
    "the bbox never reaches the metric: the size split goes by the mask's area",
  ],
  includes: isDetection,
  iou: plainIou,
};
