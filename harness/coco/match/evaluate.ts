import type { ImageId } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { type EvaluationPlan, planEvaluation, uncounted } from "./evaluationPlan.ts";
import { type EvaluationInput, matchImages, type Positives } from "./matchImages.ts";
import { ascending, descending, stableOrder } from "./order.ts";
import type { EvaluationRules } from "./rules.ts";

/** What came of each detection, and how many annotations there were to find: all that figures need, however images are weighted. */
export interface Matches extends Pick<EvaluationPlan, "imageOf" | "rankOf" | "scoreOf" | "hits" | "misses"> {
  readonly rules: EvaluationRules;
  readonly images: readonly ImageId[];
  /** Ascending; one of id -1 where all categories are one group. */
  readonly categories: readonly number[];
  /** Detections that were matched, by category, then falling score, image, and rank within their group. */
  readonly order: Uint32Array;
  /** Where each category's part of the order ends. */
  readonly ends: readonly number[];
  /** By category * splits + split: annotations to find. */
  readonly positives: readonly Positives[];
}

/**
 * Matches every detection as COCOeval and LVISEval do. Detections of images that the truth does not have are left out, as are
 * those of unknown categories. Throws HarnessError where the rules are federated and the truth has no lists.
 */
export function evaluate(input: EvaluationInput): Matches {
  const plan = planEvaluation(input.truth, input.detections, input.rules);
  requireLists(input);
  return matchesOf(input, plan, matchImages(input, plan, { from: 0, to: input.truth.images.length }));
}

export function requireLists({ truth, rules }: Pick<EvaluationInput, "truth" | "rules">): void {
  if (!rules.federated || truth.listsOf !== undefined) return;
  throw new HarnessError("annotations: no negative and not-exhaustive lists, by which LVIS is scored", {
    expected: "neg_category_ids and not_exhaustive_category_ids in every image",
    hint: "--rules coco scores them without",
  });
}

/** A plan whose images have all been matched, put into the order in which figures are added up. */
export function matchesOf(
  { truth, rules }: Pick<EvaluationInput, "truth" | "rules">,
  plan: EvaluationPlan,
  positives: readonly Positives[],
): Matches {
  const { imageOf, rankOf, scoreOf, hits, misses } = plan;
  const counted = plan.order.filter((index) => rankOf[index] !== uncounted);
  const groups = new Uint32Array(counted.length);
  const scores = new Float64Array(counted.length);
  for (let i = 0; i < counted.length; i++) {
    groups[i] = rules.classAgnostic ? 0 : plan.categoryOf[counted[i]!]!;
    scores[i] = scoreOf[counted[i]!]!;
  }
  // By score over all images; equal scores by image, then by rank, as the plan's order has them.
  const order = stableOrder(counted.length, [ascending(groups), descending(scores)]);
  const categories = rules.classAgnostic ? [-1] : plan.categories;
  let end = 0;
  const ends = categories.map((_, group) => {
    while (end < order.length && groups[order[end]!] === group) end++;
    return end;
  });
  for (let i = 0; i < order.length; i++) order[i] = counted[order[i]!]!;
  return { rules, images: truth.images, categories, order, ends, imageOf, rankOf, scoreOf, hits, misses, positives };
}
