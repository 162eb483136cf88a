import type { Candidates, Choice, ImageRecord, Protocol } from "../../api.ts";
import { plainIou } from "../../mask/overlap.ts";
import { cocoSizes, ownMasks, recall } from "../../metrics/index.ts";
import { noPrompt } from "../../prompts/grid.ts";
import { predictedIouOf } from "../choice.ts";

export const anythingFastSam: Protocol = {
  module: import.meta.url,
  id: ownMasks.protocol,
  title: "AR@300, a variant's own everything mode",
  about:
    "all masks that the variant gives of one pass over the image, without a prompt; its own limits are applied (FastSAM: confidence above 0.4, suppression at IoU 0.9 by confidence, 300 at most); ranked by confidence, the best 10, 100 and 300",
  source: "CASIA-IVA-Lab/FastSAM, everything pass",
  confidence: "repo",
  notes: [
    "the authors print AR@1000; it needs masks below these limits, and the limits that they measured it with are not published",
    "of masks: the paper's recall on LVIS is of boxes, on COCO it does not say; the area under its curve is not offered",
  ],
  needs: [],
  prompted: "nothing",
  metrics: [recall],
  headline: `AR@${ownMasks.ranks.at(-1)}`,
  passes: [
    {
      sampler: noPrompt,
      scored: [{ step: 1, prompts: "everything" }],
      looksAt: "three masks",
      choose: everyMask,
      everything: {
        source: "own output",
        crops: (image) => [wholeImage(image)],
        settleCrop: (masks) => masks,
        settle: (masks) => masks.map(({ kept }) => kept),
      },
    },
  ],
  sizes: cocoSizes,
  includes: () => true,
  iou: plainIou,
};

/**
 * Keeps every mask of the prediction. It keeps none where the image has none: the empty mask that stands for that is no
 * proposal.
 */
function everyMask({ prediction }: Candidates): readonly Choice[] {
  const count = prediction.kind === "masks" ? prediction.masks.length : prediction.predictedIou.length;
  return Array.from({ length: count }, (_, token) => ({ token, score: predictedIouOf(prediction, token) }));
}

function wholeImage({ id, size: { height, width } }: ImageRecord) {
  const box = { x0: 0, y0: 0, x1: width, y1: height };
  return { box, targets: [{ id: 0, image: id, category: 0, box, areaPx: width * height, crowd: false }] };
}
