import type { ImageId } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { type EvaluationPlan, planEvaluation, uncounted } from "./evaluationPlan.ts";
import { type EvaluationInput, matchImages, type Positives } from "./matchImages.ts";
import { ascending, descending, stableOrder } from "./order.ts";
import type { EvaluationRules } from "./rules.ts";

/**
 * Results of matching: what came of each detection, and how many annotations there were to find. Figures need no more, however
 * images are weighted.
 */
export interface Matches extends Pick<EvaluationPlan, "imageOf" | "rankOf" | "scoreOf" | "hits" | "misses"> {
  readonly rules: EvaluationRules;
  readonly images: readonly ImageId[];
  /** The categories, ascending; where all categories are one group, it is one of id -1. */
  readonly categories: readonly number[];
  /** The detections that were matched, by category, then falling score, image, and rank within their group. */
  readonly order: Uint32Array;
  /** Places where each category's part of the order ends. */
  readonly ends: readonly number[];
  /** Annotations to find, at place category * splits + split. */
  readonly positives: readonly Positives[];
}

/**
 * Matches every detection as COCOeval and LVISEval do. Detections of images that the truth does not have, or of unknown
 * categories, are left out. Throws HarnessError where the rules are federated and the truth has no lists.
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

/** Puts a plan whose images have all been matched into the order in which figures are added up. */
export function matchesOf(
  { truth, rules }: Pick<EvaluationInput, "truth" | "rules">,
  plan: EvaluationPlan,
  positives: readonly Positives[],
): Matches {
  const { imageOf, rankOf, scoreOf, hits, misses } = plan;
  const counted = countedOf(plan);
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

/** Returns the detections that count, in the plan's order. */
function countedOf({ order, rankOf }: EvaluationPlan): Uint32Array {
  const counted = new Uint32Array(order.length);
  let count = 0;
  for (let i = 0; i < order.length; i++) if (rankOf[order[i]!] !== uncounted) counted[count++] = order[i]!;
  return counted.subarray(0, count);
}
