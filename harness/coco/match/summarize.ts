import type { Category, FittedMetric, MetricValue } from "../../api.ts";
import { Accumulator, type CellFigures, cellOf } from "./cells.ts";
import type { Matches } from "./evaluate.ts";
import { GroupAccumulator } from "./groupCells.ts";
import { type EvaluationRules, iouThresholds } from "./rules.ts";

/** One of the numbers that the reference tools print. */
interface Summary {
  /**
   * Id: AP, AP50, APs, APr as lvis-api writes them; AR-cat@100 and ARs-cat@100 for its recall by category, AR@100 for recall
   * whatever the category.
   */
  readonly id: string;
  readonly split: string;
  /** Average precision at one place of the thresholds or over all; or recall within a limit, over all thresholds. */
  readonly of: { readonly precisionAt?: number } | { readonly recallWithin: number };
  /** The summary counts only categories of this frequency. */
  readonly frequency?: NonNullable<Category["frequency"]>;
}

/** Average precision of one category over all sizes; it has no value where the category has no annotation. */
interface CategoryFigure {
  readonly category: number;
  readonly value?: number;
  /** Annotations behind the value. */
  readonly n: number;
}

export interface Summarizer {
  /**
   * Returns the figures. `weights[i]` is how often image i of `matches.images` counts. The ids and their order do not depend on
   * the weights.
   */
  values(weights: Uint32Array): readonly MetricValue[];
  /** Returns the figures of many weights at once, as `FittedMetric.byGroup` has them. */
  byGroup: NonNullable<FittedMetric["byGroup"]>;
  /** Returns the figure of each category; an empty list where all categories are one group. */
  byCategory(weights: Uint32Array): readonly CategoryFigure[];
}

/**
 * Prepares the cells once; each call then only adds up. It follows `summarize` of both tools, but what has no annotation is
 * absent, never -1.
 */
export function summarizer(matches: Matches, categories: readonly Category[]): Summarizer {
  const { rules } = matches;
  const accumulator = new Accumulator(rules.limits.length);
  const cells = matches.categories.map((_, category) =>
    rules.splits.map((_, split) => cellOf(matches, category, split)),
  );
  const frequencyOf = new Map(categories.map(({ id, frequency }) => [id, frequency]));
  const sums = () => new SummarySums(rules);
  return {
    values(weights) {
      const found = sums();
      for (const [category, bySplit] of cells.entries()) {
        const frequency = frequencyOf.get(matches.categories[category]!);
        for (const [split, cell] of bySplit.entries())
          if (cell !== undefined) found.add(accumulator.accumulate(cell, weights), split, frequency);
      }
      return found.values();
    },
    byGroup(groupOf, weightings) {
      const ofGroups = new GroupAccumulator(rules.limits.length, groupOf, weightings);
      const found = weightings.map(() => Array.from({ length: ofGroups.groups }, sums));
      for (const [category, bySplit] of cells.entries()) {
        const frequency = frequencyOf.get(matches.categories[category]!);
        for (const [split, cell] of bySplit.entries()) {
          if (cell === undefined) continue;
          for (const [w, figures] of ofGroups.accumulate(cell).entries())
            for (const [g, each] of figures.entries()) found[w]![g]!.add(each, split, frequency);
        }
      }
      return found.map((groups) => groups.map((each) => each.values()));
    },
    byCategory(weights) {
      if (rules.classAgnostic) return [];
      const all = rules.splits.findIndex(({ id }) => id === "all");
      return cells.map((bySplit, place) => {
        const category = matches.categories[place]!;
        const cell = bySplit[all];
        const figures = cell === undefined ? undefined : accumulator.accumulate(cell, weights);
        if (figures === undefined || figures.positives === 0) return { category, n: 0 };
        return { category, value: meanOf(figures.precision, 0, iouThresholds.length), n: figures.positives };
      });
    },
  };
}

/** Sums of the figures of cells, of which each summary is the mean of its own. */
class SummarySums {
  readonly #summaries: (Summary & { sum: number; present: number; n: number })[];
  readonly #splits: EvaluationRules["splits"];

  constructor(rules: EvaluationRules) {
    this.#summaries = summariesOf(rules).map((summary) => ({ ...summary, sum: 0, present: 0, n: 0 }));
    this.#splits = rules.splits;
  }

  /** Adds the figures of one category, of this frequency, and split; nothing where it has no annotation. */
  add({ positives, precision, recall }: CellFigures, split: number, frequency: Category["frequency"]): void {
    if (positives === 0) return;
    for (const summary of this.#summaries) {
      const { of } = summary;
      const belongs = summary.frequency === undefined || summary.frequency === frequency;
      if (!belongs || summary.split !== this.#splits[split]!.id) continue;
      if ("recallWithin" in of)
        summary.sum += meanOf(recall, of.recallWithin * iouThresholds.length, iouThresholds.length);
      else if (of.precisionAt === undefined) summary.sum += meanOf(precision, 0, iouThresholds.length);
      else summary.sum += precision[of.precisionAt]!;
      summary.present++;
      summary.n += positives;
    }
  }

  values(): readonly MetricValue[] {
    return this.#summaries.map(({ id, sum, present, n }) => ({
      id,
      value: present > 0 ? sum / present : undefined,
      n,
    }));
  }
}

/** Returns weights that count every image once. */
export function onceEach({ images }: Pick<Matches, "images">): Uint32Array {
  return new Uint32Array(images.length).fill(1);
}

const sizes = ["small", "medium", "large"] as const;
const frequencies = ["rare", "common", "frequent"] as const;

/** Returns the twelve numbers of COCO, the thirteen of LVIS, or the recalls of proposals, in the order of the tools. */
function summariesOf(rules: EvaluationRules): readonly Summary[] {
  const { limits, classAgnostic } = rules;
  // Recall by category, averaged over them, and recall whatever the category are two figures: 9 and 12 % of one file.
  const kind = classAgnostic ? "" : "-cat";
  const recalls = limits.map((limit, recallWithin): Summary => {
    return { id: `AR${kind}@${limit}`, split: "all", of: { recallWithin } };
  });
  const splits = rules.splits.slice(1).map(({ id }) => id);
  const recallsBySplit = limits.map((limit, recallWithin) =>
    splits.map((split): Summary => ({ id: `AR${split[0]}${kind}@${limit}`, split, of: { recallWithin } })),
  );
  if (classAgnostic) return recalls.flatMap((recall, i) => [recall, ...recallsBySplit[i]!]);
  const precisions: Summary[] = [
    { id: "AP", split: "all", of: {} },
    { id: "AP50", split: "all", of: { precisionAt: 0 } },
    { id: "AP75", split: "all", of: { precisionAt: 5 } },
    ...sizes.map((split): Summary => ({ id: `AP${split[0]}`, split, of: {} })),
  ];
  const byFrequency = frequencies.map((frequency): Summary => {
    return { id: `AP${frequency[0]}`, split: "all", of: {}, frequency };
  });
  return [...precisions, ...(rules.id === "lvis" ? byFrequency : []), ...recalls, ...recallsBySplit.at(-1)!];
}

function meanOf(values: Float64Array, first: number, count: number): number {
  let sum = 0;
  for (let i = first; i < first + count; i++) sum += values[i]!;
  return sum / count;
}
