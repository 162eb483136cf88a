import type { Category, MetricValue } from "../../api.ts";
import { Accumulator, cellOf } from "./cells.ts";
import type { Matches } from "./evaluate.ts";
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
  const summaries = summariesOf(rules).map((summary) => ({ ...summary, sum: 0, present: 0, n: 0 }));
  const add = (figures: ReturnType<Accumulator["accumulate"]>, summary: (typeof summaries)[number]) => {
    summary.sum +=
      "recallWithin" in summary.of
        ? meanOf(figures.recall, summary.of.recallWithin * iouThresholds.length, iouThresholds.length)
        : meanOf(
            figures.precision,
            summary.of.precisionAt ?? 0,
            summary.of.precisionAt === undefined ? iouThresholds.length : 1,
          );
    summary.present++;
    summary.n += figures.positives;
  };
  return {
    values(weights) {
      for (const summary of summaries) {
        summary.sum = 0;
        summary.present = 0;
        summary.n = 0;
      }
      for (const [category, bySplit] of cells.entries()) {
        const frequency = frequencyOf.get(matches.categories[category]!);
        for (const [split, cell] of bySplit.entries()) {
          if (cell === undefined) continue;
          const figures = accumulator.accumulate(cell, weights);
          if (figures.positives === 0) continue;
          for (const summary of summaries) {
            const belongs = summary.frequency === undefined || summary.frequency === frequency;
            if (belongs && summary.split === rules.splits[split]!.id) add(figures, summary);
          }
        }
      }
      return summaries.map(({ id, sum, present, n }) => ({ id, value: present > 0 ? sum / present : undefined, n }));
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
