import type { Protocol } from "../../api.ts";
import { plainIou } from "../../mask/overlap.ts";
import { ap, cocoSizes } from "../../metrics/index.ts";
import { givenBox } from "../../prompts/box.ts";
import { mostConfident, withDetectorScore } from "../choice.ts";
import { isDetection } from "../inclusion.ts";

export const apVitdetNorefine: Protocol = {
  module: import.meta.url,
  id: "ap-vitdet-norefine",
  title: "AP, detector's boxes, no refinement",
  about: "a detector's boxes (--boxes); most confident of the multimask tokens; the detector's score; one pass",
  source: "EdgeSAM, README",
  confidence: "repo",
  prompted: "detections",
  metrics: [ap],
  needs: ["box-prompt"],
  passes: [
    {
      sampler: givenBox,
      scored: [{ step: 1, prompts: "det-norefine" }],
      looksAt: "most confident",
      choose: withDetectorScore(mostConfident),
    },
  ],
  sizes: cocoSizes,
  notes: [
    "the README names neither the mask kept nor the score: most confident, and the detector's",
    "the bbox never reaches the metric: the size split goes by the mask's area",
  ],
  includes: isDetection,
  iou: plainIou,
};
