import { sharedLike } from "../../mask/columns.ts";
import { ascendingIds } from "../json/ids.ts";
import type { DetectionTable } from "../read/detections/detectionTable.ts";
import type { GroundTruth } from "../read/groundTruth.ts";
import { ascending, descending, stableOrder } from "./order.ts";
import type { EvaluationRules } from "./rules.ts";

/** The order in which detections are matched, with room for what comes of each. Threads can share it. */
export interface EvaluationPlan {
  /** Category ids, ascending as the file has them. */
  readonly categories: readonly number[];
  /**
   * The detection that the reference tool finds first, which decides whether areas are those of boxes; 0 where there is none.
   */
  readonly first: number;
  /** The detections by image, then as pycocotools holds them: by category within an image, by falling score, as they came. */
  readonly order: Uint32Array;
  /**
   * Place where each image begins in the order. The last place is where the detections begin that have no image or no category.
   */
  readonly starts: Uint32Array;
  /** Place of each detection's image in the truth, place of its category in `categories`, and its score. */
  readonly imageOf: Uint32Array;
  readonly categoryOf: Uint32Array;
  readonly scoreOf: Float64Array;
  /** Rank of each detection within its group, `uncounted` until it is matched. */
  readonly rankOf: Uint16Array;
  /** Bits that tell, for each split and each detection, at which thresholds it is a hit or a miss. */
  readonly hits: readonly Uint16Array[];
  readonly misses: readonly Uint16Array[];
}

/** Rank of a detection that does not count. */
export const uncounted = 0xffff;

const words = new Uint32Array(0);
const halves = new Uint16Array(0);
const doubles = new Float64Array(0);

export function planEvaluation(truth: GroundTruth, detections: DetectionTable, rules: EvaluationRules): EvaluationPlan {
  const { count } = detections;
  const ids = truth.categories.map(({ id }) => id).sort(ascendingIds(truth.originalCategories ?? []));
  const images = new Map(truth.images.map((id, i) => [id, i]));
  const categories = new Map(ids.map((id, i) => [id, i]));
  const imageOf = sharedLike(words, count);
  const categoryOf = sharedLike(words, count);
  const scoreOf = sharedLike(doubles, count);
  // Most detections are of the image of the one before: its place need not be looked up again.
  let lastId = Number.NaN;
  let last = images.size;
  for (let i = 0; i < count; i++) {
    const id = detections.imageOf(i);
    if (id !== lastId) last = images.get(id) ?? images.size;
    lastId = id;
    const category = categories.get(detections.categoryOf(i));
    // Last, and of no image: what is unknown is never reached.
    imageOf[i] = category === undefined ? images.size : last;
    categoryOf[i] = category ?? 0;
    scoreOf[i] = detections.scoreOf(i);
  }
  const first = rules.imageLimit === undefined ? 0 : firstOf(rules.imageLimit, detections);
  if (rules.imageLimit !== undefined) dropBeyond(rules.imageLimit, imageOf, scoreOf, images.size);
  const image = ascending(imageOf);
  const category = ascending(categoryOf);
  const score = descending(scoreOf);
  const order = sharedLike(words, count);
  order.set(stableOrder(count, rules.classAgnostic ? [image, score, category] : [image, category, score]));
  return {
    categories: ids,
    first,
    order,
    imageOf,
    categoryOf,
    scoreOf,
    starts: startsOf(order, imageOf, images.size),
    rankOf: sharedLike(halves, count).fill(uncounted),
    hits: rules.splits.map(() => sharedLike(halves, count)),
    misses: rules.splits.map(() => sharedLike(halves, count)),
  };
}

/**
 * Returns the detection that limit_dets_per_image of LVISResults leaves first: the best of the first image where that has more
 * than `limit`, else the first.
 */
function firstOf(limit: number, detections: DetectionTable): number {
  let best = 0;
  let count = 0;
  for (let i = 0; i < detections.count; i++) {
    if (detections.imageOf(i) !== detections.imageOf(0)) continue;
    count++;
    if (detections.scoreOf(i) > detections.scoreOf(best)) best = i;
  }
  return count > limit ? best : 0;
}

/**
 * Keeps the best detections of each image, as limit_dets_per_image of LVISResults does; equal scores stay as they came. The
 * others lose their image.
 */
function dropBeyond(limit: number, imageOf: Uint32Array, scoreOf: Float64Array, none: number): void {
  const order = stableOrder(imageOf.length, [ascending(imageOf), descending(scoreOf)]);
  const dropped = order.filter((index, i) => i >= limit && imageOf[index] === imageOf[order[i - limit]!]);
  for (const index of dropped) imageOf[index] = none;
}

function startsOf(order: Uint32Array, imageOf: Uint32Array, images: number): Uint32Array {
  const starts = sharedLike(words, images + 1);
  for (let image = 0, at = 0; image <= images; image++) {
    while (at < order.length && imageOf[order[at]!]! < image) at++;
    starts[image] = at;
  }
  return starts;
}
