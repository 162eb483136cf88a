import type { ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";
import type { DetectionTable } from "./detectionTable.ts";
import type { FederatedLists, GroundTruth, ScoredAnnotation } from "./groundTruth.ts";
import { MatchGroup } from "./match.ts";
import { ascending, descending, stableOrder } from "./order.ts";
import { Overlaps, type OverlapType } from "./overlaps.ts";
import { type EvaluationRules, frequencySplits } from "./rules.ts";

/** What came of each detection, and how many annotations there were to find: all that figures need, however images are weighted. */
export interface Matches {
  readonly rules: EvaluationRules;
  readonly images: readonly ImageId[];
  /** Ascending; one of id -1 where all categories are one group. */
  readonly categories: readonly number[];
  /** Detections that were matched, by category, then falling score, image, and rank within their group. */
  readonly order: Uint32Array;
  /** Where each category's part of the order ends. */
  readonly ends: readonly number[];
  /** By detection: the place of its image in `images`, its rank within its group, its score. */
  readonly imageOf: Uint32Array;
  readonly rankOf: Uint16Array;
  readonly scoreOf: Float64Array;
  /** By split, then by detection: a bit a threshold. */
  readonly hits: readonly Uint16Array[];
  readonly misses: readonly Uint16Array[];
  /** By category * splits + split: annotations to find, one entry an image that has some. */
  readonly positives: readonly Positives[];
}

/** How many annotations of one category and split each image has. */
export interface Positives {
  readonly images: number[];
  readonly counts: number[];
}

export interface EvaluationInput {
  readonly truth: GroundTruth;
  readonly detections: DetectionTable;
  readonly type: OverlapType;
  readonly rules: EvaluationRules;
}

/**
 * Matches every detection as COCOeval and LVISEval do. Detections of images that the truth does not have are left out, as are
 * those of unknown categories. Throws HarnessError where the rules are federated and the truth has no lists.
 */
export function evaluate(input: EvaluationInput): Matches {
  const { truth, rules } = input;
  if (rules.federated && truth.listsOf === undefined) {
    throw new HarnessError("annotations: no negative and not-exhaustive lists, by which LVIS is scored", {
      expected: "neg_category_ids and not_exhaustive_category_ids in every image",
      hint: "--rules coco scores them without",
    });
  }
  const evaluation = new Evaluation(input);
  for (let image = 0; image < truth.images.length; image++) evaluation.image(image);
  return evaluation.matches();
}

const frequencies = frequencySplits.map(({ frequency }) => frequency);

class Evaluation {
  readonly #input: EvaluationInput;
  /** Ascending ids; with classAgnostic all are in group 0. */
  readonly #categories: readonly number[];
  readonly #frequencyOf: ReadonlyMap<number, number>;
  readonly #groupOf: ReadonlyMap<number, number>;
  readonly #imageOf: Uint32Array;
  readonly #categoryOf: Uint32Array;
  readonly #rankOf: Uint16Array;
  readonly #scoreOf: Float64Array;
  readonly #hits: readonly Uint16Array[];
  readonly #misses: readonly Uint16Array[];
  readonly #positives: readonly Positives[];
  /** Detections by image, then as pycocotools holds them: by category in an image, by falling score, as they came. */
  readonly #order: Uint32Array;
  /** Of the order: where the next image begins. */
  #next = 0;
  readonly #group = new MatchGroup();
  readonly #overlaps: Overlaps;

  constructor(input: EvaluationInput) {
    const { truth, detections, rules, type } = input;
    this.#input = input;
    const categories = [...truth.categories].sort((a, b) => a.id - b.id);
    this.#categories = categories.map(({ id }) => id);
    this.#frequencyOf = new Map(categories.map(({ id, frequency }) => [id, frequencies.indexOf(frequency)]));
    this.#groupOf = new Map(this.#categories.map((id, i) => [id, rules.classAgnostic ? 0 : i]));
    const { count } = detections;
    this.#imageOf = new Uint32Array(count);
    this.#categoryOf = new Uint32Array(count);
    this.#scoreOf = new Float64Array(count);
    this.#rankOf = new Uint16Array(count);
    this.#hits = rules.splits.map(() => new Uint16Array(count));
    this.#misses = rules.splits.map(() => new Uint16Array(count));
    const groups = rules.classAgnostic ? 1 : categories.length;
    this.#positives = Array.from({ length: groups * rules.splits.length }, () => ({ images: [], counts: [] }));
    this.#overlaps = new Overlaps(detections, type);
    this.#order = this.#sort();
  }

  #sort(): Uint32Array {
    const { truth, detections, rules } = this.#input;
    const images = new Map(truth.images.map((id, i) => [id, i]));
    const categories = new Map(this.#categories.map((id, i) => [id, i]));
    for (let i = 0; i < detections.count; i++) {
      const category = categories.get(detections.categoryOf(i));
      // Last, and of no image: what is unknown is never reached.
      this.#imageOf[i] = category === undefined ? images.size : (images.get(detections.imageOf(i)) ?? images.size);
      this.#categoryOf[i] = category ?? 0;
      this.#scoreOf[i] = detections.scoreOf(i);
    }
    if (rules.imageLimit !== undefined) this.#dropBeyond(rules.imageLimit);
    const [image, category] = [ascending(this.#imageOf), ascending(this.#categoryOf)];
    const score = descending(this.#scoreOf);
    return stableOrder(detections.count, rules.classAgnostic ? [image, score, category] : [image, category, score]);
  }

  /** As limit_dets_per_image of LVISResults: the best of an image, as they came among equal scores. */
  #dropBeyond(limit: number): void {
    const [images, { count }] = [this.#input.truth.images.length, this.#input.detections];
    const order = stableOrder(count, [ascending(this.#imageOf), descending(this.#scoreOf)]);
    const dropped: number[] = [];
    for (let i = limit; i < count; i++) {
      const [image, first] = [this.#imageOf[order[i]!]!, this.#imageOf[order[i - limit]!]!];
      if (image === first && image < images) dropped.push(order[i]!);
    }
    for (const index of dropped) this.#imageOf[index] = images;
  }

  image(image: number): void {
    const { truth, rules } = this.#input;
    const id = truth.images[image]!;
    const annotations = this.#annotationsByGroup(truth.annotationsOf(id));
    const lists = rules.federated ? truth.listsOf!(id) : undefined;
    const shown =
      lists === undefined ? undefined : new Set([...annotations.values()].flat().map((each) => each.category));
    for (const [group, detections] of this.#detectionsByGroup(image, lists, shown)) {
      this.#matchGroup(image, group, detections, annotations.get(group) ?? [], lists);
      annotations.delete(group);
    }
    for (const [group, left] of annotations) this.#matchGroup(image, group, [], left, lists);
  }

  #annotationsByGroup(annotations: readonly ScoredAnnotation[]): Map<number, ScoredAnnotation[]> {
    // All of a category together, categories ascending, as the reference tools gather them where there is one group.
    const sorted = this.#input.rules.classAgnostic
      ? annotations.toSorted((a, b) => a.category - b.category)
      : annotations;
    const groups = new Map<number, ScoredAnnotation[]>();
    for (const annotation of sorted) {
      const group = this.#groupOf.get(annotation.category);
      if (group === undefined) continue;
      const members = groups.get(group);
      if (members === undefined) groups.set(group, [annotation]);
      else members.push(annotation);
    }
    return groups;
  }

  /** The image's detections that count, by group, at most so many a group. */
  #detectionsByGroup(
    image: number,
    lists: FederatedLists | undefined,
    shown: ReadonlySet<number> | undefined,
  ): Map<number, number[]> {
    const { rules, detections } = this.#input;
    const limit = rules.limits.at(-1)!;
    const groups = new Map<number, number[]>();
    for (; this.#next < this.#order.length; this.#next++) {
      const index = this.#order[this.#next]!;
      if (this.#imageOf[index] !== image) break;
      const category = detections.categoryOf(index);
      this.#rankOf[index] = uncounted;
      if (lists !== undefined && !shown!.has(category) && !lists.negative.has(category)) continue;
      const group = this.#groupOf.get(category)!;
      const members = groups.get(group);
      if (members === undefined) groups.set(group, [index]);
      else if (members.length < limit) members.push(index);
      else continue;
      this.#rankOf[index] = (members?.length ?? 1) - 1;
    }
    return groups;
  }

  #matchGroup(
    image: number,
    groupIndex: number,
    detections: readonly number[],
    annotations: readonly ScoredAnnotation[],
    lists: FederatedLists | undefined,
  ): void {
    const { rules, truth } = this.#input;
    const group = this.#group;
    group.resize(detections.length, annotations.length);
    for (const [a, { id, areaPx, crowd, category }] of annotations.entries()) {
      group.annotationAreas[a] = areaPx;
      group.crowds[a] = crowd ? 1 : 0;
      group.unseen[a] = id === 0 && truth.idZeroIsNoMatch ? 1 : 0;
      const frequency = this.#frequencyOf.get(category)!;
      group.frequencies[a] = frequency < 0 ? 255 : frequency;
    }
    for (const [d, index] of detections.entries()) {
      group.detectionAreas[d] = this.#overlaps.areaOf(index);
      group.forgiven[d] = lists?.notExhaustive.has(this.#input.detections.categoryOf(index)) ? 1 : 0;
    }
    if (detections.length > 0 && annotations.length > 0) this.#overlaps.fill(group, detections, annotations);
    group.prepare();
    for (const [s, split] of rules.splits.entries()) {
      group.match(split, split.frequency === undefined ? -1 : frequencies.indexOf(split.frequency));
      for (const [d, index] of detections.entries()) {
        this.#hits[s]![index] = group.hits[d]!;
        this.#misses[s]![index] = group.misses[d]!;
      }
      if (group.positives === 0) continue;
      const positives = this.#positives[groupIndex * rules.splits.length + s]!;
      positives.images.push(image);
      positives.counts.push(group.positives);
    }
  }

  matches(): Matches {
    const { rules, truth, detections } = this.#input;
    const groups = rules.classAgnostic ? new Uint32Array(detections.count) : this.#categoryOf;
    const counted = this.#order.subarray(0, this.#next).filter((index) => this.#rankOf[index] !== uncounted);
    const [places, scores] = [new Uint32Array(counted.length), new Float64Array(counted.length)];
    for (let i = 0; i < counted.length; i++) {
      places[i] = groups[counted[i]!]!;
      scores[i] = this.#scoreOf[counted[i]!]!;
    }
    // By score over all images; equal scores by image, then by rank, as the first order has them.
    const order = stableOrder(counted.length, [ascending(places), descending(scores)]);
    for (let i = 0; i < order.length; i++) order[i] = counted[order[i]!]!;
    const categories = rules.classAgnostic ? [-1] : this.#categories;
    let end = 0;
    const ends = categories.map((_, group) => {
      while (end < order.length && groups[order[end]!] === group) end++;
      return end;
    });
    return {
      ...{ rules, images: truth.images, categories, order, ends },
      ...{ imageOf: this.#imageOf, rankOf: this.#rankOf, scoreOf: this.#scoreOf },
      ...{ hits: this.#hits, misses: this.#misses, positives: this.#positives },
    };
  }
}

/** The rank of a detection that does not count. */
const uncounted = 0xffff;
