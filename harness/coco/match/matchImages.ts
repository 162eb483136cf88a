import type { FederatedLists, ImageId } from "../../api.ts";
import type { DetectionTable } from "../read/detections/detectionTable.ts";
import type { GroundTruth } from "../read/groundTruth.ts";
import type { ScoredAnnotation } from "../read/scoredAnnotation.ts";
import { type EvaluationPlan, uncounted } from "./evaluationPlan.ts";
import { MatchGroup } from "./match.ts";
import { Overlaps } from "./overlaps.ts";
import { type EvaluationRules, frequencySplits, type OverlapType } from "./rules.ts";

export interface EvaluationInput {
  readonly truth: GroundTruth;
  readonly detections: DetectionTable;
  readonly type: OverlapType;
  readonly rules: EvaluationRules;
}

/** Number of annotations of one category and split in each image that has some. */
export interface Positives {
  readonly images: number[];
  readonly counts: number[];
}

/** Range of places in the truth's images; `to` is not part of it. */
export interface ImageRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Matches the images of a range, writes what comes of their detections into the plan, and returns the annotations to find, at
 * place category * splits + split. Images are independent, so two threads can take a part each.
 */
export function matchImages(
  input: EvaluationInput,
  plan: EvaluationPlan,
  { from, to }: ImageRange,
): readonly Positives[] {
  const matcher = new ImageMatcher(input, plan);
  for (let image = from; image < to; image++) matcher.image(image);
  return matcher.positives;
}

/** The detections and annotations of one group in one image. */
interface Group {
  readonly detections: number[];
  readonly annotations: ScoredAnnotation[];
}

const frequencies = frequencySplits.map(({ frequency }) => frequency);

class ImageMatcher {
  readonly positives: readonly Positives[];
  readonly #input: EvaluationInput;
  readonly #plan: EvaluationPlan;
  readonly #frequencyOf: ReadonlyMap<number, number>;
  /** Group of each category id; with classAgnostic all are in group 0. */
  readonly #groupOf: ReadonlyMap<number, number>;
  /** Place of each category id among all. */
  readonly #orderOf: ReadonlyMap<number, number>;
  /** Groups of all images, filled and emptied image by image, and the places of those that the image at hand has. */
  readonly #groups: readonly Group[];
  readonly #used: number[] = [];
  readonly #group = new MatchGroup();
  readonly #overlaps: Overlaps;

  constructor(input: EvaluationInput, plan: EvaluationPlan) {
    const { truth, detections, rules, type } = input;
    this.#input = input;
    this.#plan = plan;
    this.#frequencyOf = new Map(truth.categories.map(({ id, frequency }) => [id, frequencies.indexOf(frequency)]));
    this.#orderOf = new Map(plan.categories.map((id, i) => [id, i]));
    this.#groupOf = new Map(plan.categories.map((id, i) => [id, rules.classAgnostic ? 0 : i]));
    const groups = rules.classAgnostic ? 1 : plan.categories.length;
    this.positives = Array.from({ length: groups * rules.splits.length }, () => ({ images: [], counts: [] }));
    this.#groups = Array.from({ length: groups }, () => ({ detections: [], annotations: [] }));
    this.#overlaps = new Overlaps(detections, type, plan.first);
  }

  image(image: number): void {
    const { truth, rules } = this.#input;
    const id = truth.images[image]!;
    const lists = rules.federated ? truth.listsOf!(id) : undefined;
    this.#addAnnotations(truth.annotationsOf(id));
    this.#addDetections(image, lists);
    for (const place of this.#used) {
      const group = this.#groups[place]!;
      this.#match(image, place, group, lists);
      group.detections.length = 0;
      group.annotations.length = 0;
    }
    this.#used.length = 0;
  }

  #addAnnotations(annotations: readonly ScoredAnnotation[]): void {
    // All of a category together, categories ascending, as the reference tools gather them where there is one group.
    const { classAgnostic } = this.#input.rules;
    const order = this.#orderOf;
    const sorted = classAgnostic
      ? annotations.toSorted((a, b) => (order.get(a.category) ?? -1) - (order.get(b.category) ?? -1))
      : annotations;
    for (const annotation of sorted) {
      // As get_ann_ids of lvis-api, which asks for an area above 0 where pycocotools takes any.
      if (this.#input.rules.federated && !(annotation.areaPx > 0)) continue;
      const place = this.#groupOf.get(annotation.category);
      if (place !== undefined) this.#groupAt(place).annotations.push(annotation);
    }
  }

  /** Adds the detections that count, at most as many to a group as the last limit says. */
  #addDetections(image: number, lists: FederatedLists | undefined): void {
    const { rules, detections } = this.#input;
    const { order, starts, rankOf, categoryOf } = this.#plan;
    const limit = rules.limits.at(-1)!;
    const shown = lists === undefined ? undefined : this.#shown();
    for (let at = starts[image]!; at < starts[image + 1]!; at++) {
      const index = order[at]!;
      rankOf[index] = uncounted;
      if (lists !== undefined) {
        const category = detections.categoryOf(index);
        if (!shown!.has(category) && !lists.negative.has(category)) continue;
      }
      const members = this.#groupAt(rules.classAgnostic ? 0 : categoryOf[index]!).detections;
      if (members.length < limit) rankOf[index] = members.push(index) - 1;
    }
  }

  #shown(): ReadonlySet<number> {
    return new Set(this.#used.flatMap((place) => this.#groups[place]!.annotations.map(({ category }) => category)));
  }

  /** Returns the group of that place, and notes that the image has it. */
  #groupAt(place: number): Group {
    const group = this.#groups[place]!;
    if (group.detections.length === 0 && group.annotations.length === 0) this.#used.push(place);
    return group;
  }

  #match(image: number, place: number, { detections, annotations }: Group, lists: FederatedLists | undefined): void {
    const { rules } = this.#input;
    const group = this.#group;
    this.#fill(this.#input.truth.images[image]!, { detections, annotations }, lists);
    for (let s = 0; s < rules.splits.length; s++) {
      const split = rules.splits[s]!;
      group.match(split, split.frequency === undefined ? -1 : frequencies.indexOf(split.frequency));
      const hits = this.#plan.hits[s]!;
      const misses = this.#plan.misses[s]!;
      for (let d = 0; d < detections.length; d++) {
        hits[detections[d]!] = group.hits[d]!;
        misses[detections[d]!] = group.misses[d]!;
      }
      if (group.positives === 0) continue;
      const { images, counts } = this.positives[place * rules.splits.length + s]!;
      images.push(image);
      counts.push(group.positives);
    }
  }

  #fill(image: ImageId, { detections, annotations }: Group, lists: FederatedLists | undefined): void {
    const { truth, detections: table, rules } = this.#input;
    const group = this.#group;
    group.resize(detections.length, annotations.length);
    for (let a = 0; a < annotations.length; a++) {
      const { id, areaPx, crowd, ignored, uncounted, category } = annotations[a]!;
      group.annotationAreas[a] = areaPx;
      // As _prepare of both tools: pycocotools makes its own `ignore` of `iscrowd`, lvis-api takes the file's and has no crowds.
      group.crowds[a] = crowd && !rules.federated ? 1 : 0;
      group.excluded[a] = (rules.federated ? ignored : uncounted) ? 1 : 0;
      group.unseen[a] = id === 0 && truth.idZeroIsNoMatch ? 1 : 0;
      const frequency = this.#frequencyOf.get(category)!;
      group.frequencies[a] = frequency < 0 ? 255 : frequency;
    }
    for (let d = 0; d < detections.length; d++) {
      const index = detections[d]!;
      group.forgiven[d] = lists?.notExhaustive.has(table.categoryOf(index)) ? 1 : 0;
    }
    const { foreignSizesMatchNothing } = truth;
    this.#overlaps.fill(group, detections, annotations, { size: truth.sizeOf(image), foreignSizesMatchNothing });
    if (rules.federated) this.#leaveOutEmpty(detections);
    group.prepare();
  }

  /**
   * Leaves out detections of area 0, which neither match nor count: lvis-api asks for detections by get_ann_ids, too, which
   * takes areas above 0 alone.
   */
  #leaveOutEmpty(detections: readonly number[]): void {
    const group = this.#group;
    for (let d = 0; d < detections.length; d++) {
      if (group.detectionAreas[d]! > 0 && group.detectionAreas[d]! < Number.POSITIVE_INFINITY) continue;
      this.#plan.rankOf[detections[d]!] = uncounted;
      group.forgiven[d] = 1;
      group.overlaps.fill(0, d * group.annotations, (d + 1) * group.annotations);
    }
  }
}
