import { HarnessError } from "../errors.ts";
import type { ScoreBook } from "../protocols/index.ts";
import { judgementsOf } from "../results/compare/applicable.ts";
import { compareRuns } from "../results/compare/compare.ts";
import type { FigureDifference } from "../results/compare/differences.ts";
import { readSide } from "../results/compare/readSide.ts";
import { datasetOfRun } from "../results/runDataset.ts";
import { readSound, type SoundRun } from "../results/storedRuns.ts";
import type { Interval } from "../stats/intervals.ts";
import { holm } from "../stats/permutation.ts";
import type { HistoryColumn } from "./columns.ts";

export interface PairOptions {
  readonly book: ScoreBook;
  readonly plugins: readonly string[];
  /** Is told why two runs could not be compared. */
  readonly notice: (text: string) => void;
}

/** The difference by image between the runs before and behind a place. */
export interface Pair {
  readonly difference: Interval;
  /** Corrected for all pairs of the column that are looked at. */
  readonly p: number;
}

/** Compares the runs before and behind each of these places, where the rows of both are here. */
export async function pairsAt(
  column: HistoryColumn,
  places: readonly number[],
  options: PairOptions,
): Promise<ReadonlyMap<number, Pair>> {
  const found: { at: number; difference: Interval; p: number }[] = [];
  for (const at of places) {
    const { difference, p } = (await pairAt(column, at, options)) ?? {};
    if (difference !== undefined && p !== undefined) found.push({ at, difference, p });
  }
  const adjusted = holm(found.map(({ p }) => p));
  return new Map(found.map(({ at, difference }, i) => [at, { difference, p: adjusted[i]! }]));
}

async function pairAt({ points, figure }: HistoryColumn, at: number, options: PairOptions) {
  // A figure that is exact has one value for one model: any result of this value stands for the one before.
  const { value } = points[at - 1]!.figure;
  const before = points.slice(0, at).findLast((each) => each.stored !== undefined && each.figure.value === value);
  const behind = points[at]!.stored;
  if (before?.stored === undefined || behind === undefined) return undefined;
  try {
    return await pairedDifference({ a: before.stored, b: behind }, figure, options);
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    options.notice(`not compared by image: ${error.message}`);
    return undefined;
  }
}

/**
 * Compares one figure of two stored runs by image, as `bench compare A B` does: the same difference, interval and p value. Nothing
 * where the figure needs annotations that are not at hand.
 */
export async function pairedDifference(
  { a, b }: { readonly a: SoundRun; readonly b: SoundRun },
  figure: HistoryColumn["figure"],
  { book, plugins }: PairOptions,
): Promise<FigureDifference | undefined> {
  const metric = book.metrics.find(({ id }) => id === figure.metric);
  if (metric === undefined) return undefined;
  const first = await readSide(await readSound(a), figure.prompts);
  const second = await readSide(await readSound(b), figure.prompts);
  const dataset = metric.needs === "rows" ? undefined : await datasetOfRun(first.manifest, first.images, { plugins });
  if (metric.needs === "annotations" && dataset === undefined) return undefined;
  const judged = judgementsOf([first, second], book);
  const [comparison] = compareRuns(first, [second], { metrics: [metric], judged, dataset, seed: 0 });
  return comparison?.figures.find((each) => each.figure === figure.name);
}
