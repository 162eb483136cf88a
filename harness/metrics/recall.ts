import type { Metric } from "../api.ts";
import { evaluate, proposalRulesFor, summarizer } from "../coco/index.ts";
import { isScored, tableOf, truthOfContext } from "./rowTable.ts";

/** The protocol of a variant's own masks. FastSAM gives 300 of them at most: there is no rank of 1000 to judge. */
export const ownMasks = { protocol: "anything-ar-fastsam", ranks: [10, 100, 300] } as const;

/**
 * Average recall of the best 10, 100 and 1000 masks of an image (of a variant's own masks: 10, 100 and 300), whatever their
 * category: AR@10, of small objects ARs@10, and with a dataset that knows frequencies ARr@10, ARc@10, ARf@10. Of rows that
 * have a score, against a dataset; 0 where a protocol that ranks masks kept none.
 * Source: COCOeval of pycocotools with useCats = 0. It has no split by frequency: annotations of other categories are treated
 * as it treats those of another size.
 */
export const recall: Metric = {
  id: "recall",
  headline: "AR@1000",
  better: "higher",
  unit: "fraction",
  fit(rows, context) {
    const truth = truthOfContext(context);
    const known = new Set(truth?.categories.map(({ id }) => id));
    const [first = 0] = known;
    // Proposals have no category of their own, or one that nobody means. One that is known settles equal scores, as in pycocotools.
    const detections = tableOf(rows, (own) => (known.has(own) ? own : first));
    if (truth === undefined || !isScored(rows, detections, context)) return () => [];
    const proposals = proposalRulesFor(truth.categories);
    const protocol = context.protocol?.id ?? rows[0]?.protocol;
    const rules = protocol === ownMasks.protocol ? { ...proposals, limits: ownMasks.ranks } : proposals;
    const { values } = summarizer(evaluate({ truth, detections, rules, type: "segm" }), truth.categories);
    return ({ counts }) => values(counts);
  },
};
