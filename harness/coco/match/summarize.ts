import type { Category, ExchangedFigures, FittedMetric, MetricValue } from "../../api.ts";
import { Accumulator, type CellFigures, cellOf, type SplitCell } from "./cells.ts";
import type { Matches } from "./evaluate.ts";
import { exchangedFigures } from "./exchange/exchangeSums.ts";
import { GroupAccumulator } from "./groupCells.ts";
import { type EvaluationRules, iouThresholds, type Summary, summariesOf, summarises } from "./rules.ts";

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
  /** Returns the figures that are wanted of many exchanges at once, as `FittedMetric.byExchange` has them. */
  byExchange(
    exchanges: Iterable<Uint8Array>,
    wanted: (figure: Pick<MetricValue, "id">) => boolean,
  ): Iterable<ExchangedFigures>;
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
    byExchange(exchanges, wanted) {
      const all = cells.flatMap((bySplit, category) =>
        bySplit.flatMap((cell, split): SplitCell[] => {
          const frequency = frequencyOf.get(matches.categories[category]!);
          return cell === undefined ? [] : [{ cell, split: rules.splits[split]!.id, frequency }];
        }),
      );
      const summaries = summariesOf(rules).filter(wanted);
      const { length: images } = matches.images;
      return exchangedFigures({ cells: all, summaries, images, limits: rules.limits.length }, exchanges);
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
      if (!summarises(summary, this.#splits[split]!.id, frequency)) continue;
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

function meanOf(values: Float64Array, first: number, count: number): number {
  let sum = 0;
  for (let i = first; i < first + count; i++) sum += values[i]!;
  return sum / count;
}
