import type { DetectionError, ImageId } from "../../api.ts";
import { MatchGroup } from "../match/match.ts";
import type { EvaluationInput } from "../match/matchImages.ts";
import { Overlaps } from "../match/overlaps.ts";
import type { ScoredAnnotation } from "../read/scoredAnnotation.ts";

/** Thresholds of IoU: from `match` on a detection is right, up to `background` it shows nothing that is annotated. */
export const tideThresholds = { match: 0.5, background: 0.1 } as const;

/** The kinds of error, in the order in which a detection is tested for them. */
export const tideErrors: readonly DetectionError[] = [
  "localisation",
  "classification",
  "duplicate",
  "background",
  "both",
  "missed",
];

/** A detection by category and score, as average precision sees it. */
export interface Point {
  readonly category: number;
  readonly score: number;
  readonly hit: boolean;
}

/** A detection that is wrong, or an annotation that was missed. */
export interface ImageError {
  readonly kind: DetectionError;
  /** The wrong detection; absent for a missed annotation, and for a detection that a crowd or LVIS's lists forgive. */
  readonly wrong?: Point | undefined;
  /**
   * The hit that the detection becomes once the error is mended. Absent where it goes away, because another detection has the
   * annotation or none is meant.
   */
  readonly mended?: Point | undefined;
  /** Category of a missed annotation. */
  readonly missed?: number | undefined;
}

/** What came of the detections and annotations of one image. */
export interface ImageOutcome {
  /** Detections that count, by falling score. */
  readonly points: readonly Point[];
  readonly errors: readonly ImageError[];
  /** Categories of the annotations that were to be found, and of those that no detection found. */
  readonly wanted: readonly number[];
  readonly unfound: readonly number[];
}

/**
 * Says of each image what is wrong with its detections. Source: TIDE (Bolya et al., 2020) and its tool tidecv 1.0.1, whose order
 * of tests and whose bounds are kept: all categories of an image share its limit of detections, the first of equal overlaps
 * counts, and a crowd forgives what lies in it by more than `match`.
 */
export class ImageErrors {
  readonly #input: EvaluationInput;
  readonly #overlaps: Overlaps;
  readonly #group = new MatchGroup();
  readonly #ofImage: ReadonlyMap<number, readonly number[]>;
  readonly #categories: ReadonlySet<number>;

  constructor(input: EvaluationInput) {
    this.#input = input;
    this.#overlaps = new Overlaps(input.detections, input.type, 0, tideThresholds.background);
    this.#ofImage = bestOfImages(input);
    this.#categories = new Set(input.truth.categories.map(({ id }) => id));
  }

  image(id: ImageId): ImageOutcome {
    const { truth, rules, detections: table } = this.#input;
    const all = truth.annotationsOf(id).filter(({ category }) => this.#categories.has(category));
    const isRegion = ({ crowd, uncounted }: ScoredAnnotation) => !rules.federated && (crowd || uncounted === true);
    const annotations = all.filter((each) => !isRegion(each));
    const detections = this.#ofImage.get(id) ?? [];
    const pairs = new Pairs(
      detections.map((index) => ({ category: table.categoryOf(index), score: table.scoreOf(index) })),
      annotations.map(({ category }) => category),
      this.#fill(id, detections, annotations, 0),
    );
    return outcomeOf(pairs, this.#forgiven(id, detections, all.filter(isRegion)));
  }

  /** Returns the overlaps, a row a detection; `crowd` is 1 where they are shares of the detection. */
  #fill(
    id: ImageId,
    detections: readonly number[],
    annotations: readonly ScoredAnnotation[],
    crowd: 0 | 1,
  ): Float64Array {
    const { truth } = this.#input;
    const group = this.#group;
    group.resize(detections.length, annotations.length);
    group.crowds.fill(crowd, 0, annotations.length);
    const { foreignSizesMatchNothing } = truth;
    this.#overlaps.fill(group, detections, annotations, { size: truth.sizeOf(id), foreignSizesMatchNothing });
    return group.overlaps.slice(0, detections.length * annotations.length);
  }

  /** Tells of each detection whether it is no mistake where it finds nothing: a crowd of its category, or LVIS's lists, say so. */
  #forgiven(id: ImageId, detections: readonly number[], regions: readonly ScoredAnnotation[]): readonly boolean[] {
    const { truth, rules, detections: table } = this.#input;
    if (rules.federated) {
      const { negative, notExhaustive } = truth.listsOf!(id);
      const shown = new Set(truth.annotationsOf(id).map(({ category }) => category));
      return detections.map((index) => {
        const category = table.categoryOf(index);
        return notExhaustive.has(category) || !(shown.has(category) || negative.has(category));
      });
    }
    const shares = this.#fill(id, detections, regions, 1);
    return detections.map((index, d) =>
      regions.some(
        ({ category }, r) =>
          category === table.categoryOf(index) && shares[d * regions.length + r]! > tideThresholds.match,
      ),
    );
  }
}

/** Returns the detections of each image that its limit leaves, by falling score, equal scores as they came. */
function bestOfImages({ detections, rules }: EvaluationInput): ReadonlyMap<ImageId, readonly number[]> {
  const ofImage = new Map<ImageId, number[]>();
  for (let i = 0; i < detections.count; i++) {
    const image = detections.imageOf(i);
    const known = ofImage.get(image);
    if (known === undefined) ofImage.set(image, [i]);
    else known.push(i);
  }
  const limit = rules.imageLimit ?? rules.limits.at(-1)!;
  for (const [image, indexes] of ofImage) {
    indexes.sort((a, b) => detections.scoreOf(b) - detections.scoreOf(a));
    ofImage.set(image, indexes.slice(0, limit));
  }
  return ofImage;
}

/** Detections and annotations of one image, with the overlaps of all pairs whatever their categories. */
class Pairs {
  /** Annotation that each detection found, and detection that found each annotation; -1 where none did. */
  readonly found: Int32Array;
  readonly foundBy: Int32Array;

  constructor(
    readonly detections: readonly Pick<Point, "category" | "score">[],
    readonly annotations: readonly number[],
    private readonly overlaps: Float64Array,
  ) {
    this.found = new Int32Array(detections.length).fill(-1);
    this.foundBy = new Int32Array(annotations.length).fill(-1);
    for (let d = 0; d < detections.length; d++) {
      const { annotation, overlap } = this.best(d, (a) => this.sameCategory(d, a) && this.foundBy[a] === -1);
      if (overlap < tideThresholds.match) continue;
      this.found[d] = annotation;
      this.foundBy[annotation] = d;
    }
  }

  sameCategory(d: number, a: number): boolean {
    return this.detections[d]!.category === this.annotations[a];
  }

  /** Returns the first annotation of the largest overlap among those that count; an overlap of 0 where there is none. */
  best(d: number, counts: (annotation: number) => boolean): { readonly annotation: number; readonly overlap: number } {
    let annotation = -1;
    let overlap = 0;
    for (let a = 0; a < this.annotations.length; a++) {
      const found = this.overlaps[d * this.annotations.length + a]!;
      if (found <= overlap || !counts(a)) continue;
      annotation = a;
      overlap = found;
    }
    return { annotation, overlap };
  }
}

function outcomeOf(pairs: Pairs, forgiven: readonly boolean[]): ImageOutcome {
  const { detections, annotations, found, foundBy } = pairs;
  const points = detections.map((each, d) => ({ ...each, hit: found[d] !== -1 }));
  const judged = points.flatMap(({ hit }, d) => (hit ? [] : [{ d, ...judge(pairs, d) }]));
  // Several detections may be meant for one annotation: the best of them becomes its hit.
  const heir = new Map<number, number>();
  for (const { d, meant } of judged) if (meant !== undefined && !heir.has(meant)) heir.set(meant, d);
  const errors: ImageError[] = judged.map(({ d, kind, meant }) => {
    const wrong = forgiven[d] ? undefined : points[d];
    if (meant === undefined || heir.get(meant) !== d) return { kind, wrong };
    return { kind, wrong, mended: { category: annotations[meant]!, score: points[d]!.score, hit: true } };
  });
  const unfound = annotations.flatMap((category, a) => (foundBy[a] === -1 ? [{ category, a }] : []));
  for (const { category, a } of unfound) if (!heir.has(a)) errors.push({ kind: "missed", missed: category });
  return {
    points: points.filter(({ hit }, d) => hit || !forgiven[d]),
    errors,
    wanted: annotations,
    unfound: unfound.map(({ category }) => category),
  };
}

/** Names the error of a detection that found nothing, with the annotation that it is meant for where that is still to be found. */
function judge(pairs: Pairs, d: number): { readonly kind: DetectionError; readonly meant?: number | undefined } {
  const { match, background } = tideThresholds;
  const free = (annotation: number) => (pairs.foundBy[annotation] === -1 ? annotation : undefined);
  const same = pairs.best(d, (a) => pairs.sameCategory(d, a));
  if (same.overlap >= background && same.overlap <= match)
    return { kind: "localisation", meant: free(same.annotation) };
  const other = pairs.best(d, (a) => !pairs.sameCategory(d, a));
  if (other.overlap >= match) return { kind: "classification", meant: free(other.annotation) };
  if (pairs.best(d, (a) => pairs.sameCategory(d, a) && pairs.foundBy[a] !== -1).overlap >= match)
    return { kind: "duplicate" };
  return { kind: Math.max(same.overlap, other.overlap) <= background ? "background" : "both" };
}
