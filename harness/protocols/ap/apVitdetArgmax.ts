import type { Protocol } from "../../api.ts";
import { plainIou } from "../../mask/overlap.ts";
import { ap, cocoSizes } from "../../metrics/index.ts";
import { givenBox } from "../../prompts/box.ts";
import { mostConfident, withDetectorScore } from "../choice.ts";
import { isDetection } from "../inclusion.ts";

export const apVitdetArgmax: Protocol = {
  module: import.meta.url,
  id: "ap-vitdet-argmax",
  title: "AP, detector's boxes, most confident mask",
  about: "a detector's boxes (--boxes); most confident of the multimask tokens; the detector's score, unchanged",
  source: "EfficientViT-SAM and TinySAM, in their code",
  confidence: "repo",
  prompted: "detections",
  metrics: [ap],
  needs: ["box-prompt"],
  passes: [
    {
      sampler: givenBox,
      scored: [{ step: 1, prompts: "det-argmax" }],
      looksAt: "most confident",
      choose: withDetectorScore(mostConfident),
    },
  ],
  sizes: cocoSizes,
  notes: ["the bbox never reaches the metric: the size split goes by the mask's area"],
  includes: isDetection,
  iou: plainIou,
};
