import type { Metric } from "../api.ts";
import { evaluate, proposalRulesFor } from "../coco/index.ts";
import { partLetter } from "./partLetters.ts";
import { fittedSummaries, isScored, tableOfKnown, truthOfContext } from "./rowTable.ts";

/**
 * The protocol that scores a variant's own masks. FastSAM gives at most 300 masks an image, so there is no rank of 1000 to
 * judge.
 */
export const ownMasks = { protocol: "anything-ar-fastsam", ranks: [10, 100, 300] } as const;

/**
 * Average recall of the best 10, 100 and 1000 masks of an image (for a variant's own masks: 10, 100 and 300), whatever their
 * category. Its ids are AR@10, for small objects ARs@10, and with a dataset that knows frequencies ARr@10, ARc@10, ARf@10. It
 * needs rows that have a score, and a dataset; the values are 0 where a protocol that ranks masks kept none.
 * Source: COCOeval of pycocotools with useCats = 0. It has no split by frequency: here annotations of other frequencies are
 * treated as it treats those of another size.
 */
export const recall: Metric = {
  module: import.meta.url,
  id: "recall",
  title: "average recall",
  about: "average recall of the best 10, 100 and 1000 masks of an image, whatever their category",
  headline: "AR@1000",
  better: "higher",
  unit: "fraction",
  needs: "annotations",
  reads: ["score", "mask", "category"],
  columns: ["AR@10", "AR@100", "AR@300", "AR@1000"].map((id) => ({ id, title: id })),
  meaning: "AR@k: average recall of the best k masks of an image, whatever their category",
  notes: [
    "everything mode: of two masks whose boxes overlap too much the one with the higher predicted IoU (FastSAM: confidence) stays, whatever ranks the result; across crops the smaller crop's",
  ],
  published(metric, size) {
    const found = /^ar(\d+)$/.exec(metric);
    return found === null ? undefined : { id: `AR${partLetter(size)}@${found[1]}`, about: "annotated images" };
  },
  fit(rows, context) {
    const truth = truthOfContext(context);
    const known = new Set(truth?.categories.map(({ id }) => id));
    const [first = 0] = known;
    // Proposals have no category of their own, or one that nobody means. One that is known settles equal scores, as in pycocotools.
    const detections = tableOfKnown(rows, known, first);
    if (truth === undefined || !isScored(rows, detections, context)) return () => [];
    const proposals = proposalRulesFor(truth.categories);
    const protocol = context.protocol?.id ?? rows[0]?.protocol;
    const rules = protocol === ownMasks.protocol ? { ...proposals, limits: ownMasks.ranks } : proposals;
    const matches = evaluate({ truth, detections, rules, type: "segm" });
    return fittedSummaries(matches, truth.categories, () => true);
  },
};
