import type { DetectionError, DetectionErrors, ErrorCost } from "../../api.ts";
import type { EvaluationInput } from "../match/matchImages.ts";
import { type ImageError, ImageErrors, type Point, tideErrors } from "./imageErrors.ts";

/**
 * Parts what a detector loses by kinds of error, as TIDE does: each kind is mended alone, and average precision is computed
 * again.
 */
export function tideOf(input: EvaluationInput): DetectionErrors {
  const judge = new ImageErrors(input);
  const images = input.truth.images.map((id) => judge.image(id));
  const errors = images.flatMap((image) => image.errors);
  const hits = images.flatMap(({ points }) => points.filter(({ hit }) => hit));
  const wanted = countsOf(images.flatMap((image) => image.wanted));
  const all = new Precision(
    images.flatMap(({ points }) => points),
    wanted,
  );
  const ap50 = all.mean();
  const costOf = (kind: DetectionError): ErrorCost => {
    const mended = new Precision([...mend(errors, kind), ...hits], withoutMissed(wanted, errors, kind));
    return { n: errors.filter((error) => error.kind === kind).length, cost: Math.max(mended.mean() - ap50, 0) };
  };
  const ordered = [...errors.flatMap(({ wrong }) => wrong ?? []), ...hits];
  const unfound = images.flatMap((image) => image.unfound);
  return {
    ap50,
    errors: Object.fromEntries(tideErrors.map((kind) => [kind, costOf(kind)])) as Record<DetectionError, ErrorCost>,
    falsePositives: {
      n: ordered.length - hits.length,
      cost:
        new Precision(
          ordered.map((point) => ({ ...point, score: point.hit ? 1 : 0 })),
          wanted,
        ).mean() - ap50,
    },
    falseNegatives: {
      n: unfound.length,
      cost: new Precision(ordered, minus(wanted, countsOf(unfound))).mean() - ap50,
    },
  };
}

/** Returns the wrong detections with those of one kind mended: they become hits, or go away. */
function mend(errors: readonly ImageError[], kind: DetectionError): readonly Point[] {
  return errors.flatMap((error) => (error.kind === kind ? error.mended : error.wrong) ?? []);
}

function withoutMissed(wanted: Counts, errors: readonly ImageError[], kind: DetectionError): Counts {
  if (kind !== "missed") return wanted;
  return minus(wanted, countsOf(errors.flatMap(({ missed }) => missed ?? [])));
}

/** Numbers of annotations by category. */
type Counts = ReadonlyMap<number, number>;

function countsOf(categories: readonly number[]): Counts {
  const counts = new Map<number, number>();
  for (const category of categories) counts.set(category, (counts.get(category) ?? 0) + 1);
  return counts;
}

function minus(counts: Counts, less: Counts): Counts {
  return new Map([...counts].map(([category, count]) => [category, count - (less.get(category) ?? 0)]));
}

/** Average precision of points at one threshold, by category. */
class Precision {
  readonly #byCategory = new Map<number, Point[]>();

  constructor(
    points: readonly Point[],
    private readonly wanted: Counts,
  ) {
    for (const [category, count] of wanted) if (count > 0) this.#byCategory.set(category, []);
    for (const point of points) {
      const known = this.#byCategory.get(point.category);
      if (known === undefined) this.#byCategory.set(point.category, [point]);
      else known.push(point);
    }
  }

  /** Returns the mean over the categories that have a detection, or an annotation to find. */
  mean(): number {
    let sum = 0;
    for (const [category, points] of this.#byCategory) sum += precisionOf(points, this.wanted.get(category) ?? 0);
    return this.#byCategory.size === 0 ? 0 : sum / this.#byCategory.size;
  }
}

const recallSteps = 100;

/** Returns the mean of the best precision at and beyond each of 101 recalls; equal scores stay as they came. */
function precisionOf(points: readonly Point[], wanted: number): number {
  if (wanted === 0) return 0;
  const ordered = points.toSorted((a, b) => b.score - a.score);
  const recalls = new Float64Array(ordered.length);
  const precisions = new Float64Array(ordered.length);
  let hits = 0;
  for (const [i, { hit }] of ordered.entries()) {
    if (hit) hits++;
    recalls[i] = hits / wanted;
    precisions[i] = hits / (i + 1);
  }
  for (let i = ordered.length - 1; i > 0; i--) precisions[i - 1] = Math.max(precisions[i - 1]!, precisions[i]!);
  let sum = 0;
  let i = 0;
  for (let step = 0; step <= recallSteps; step++) {
    while (i < ordered.length && recalls[i]! < step / recallSteps) i++;
    if (i < ordered.length) sum += precisions[i]!;
  }
  return sum / (recallSteps + 1);
}
