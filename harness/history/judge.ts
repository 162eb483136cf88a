import { type Changes, changesOf, type Shift } from "../stats/changes.ts";
import type { Interval } from "../stats/intervals.ts";
import { median } from "../stats/summary.ts";
import type { HistoryColumn, HistoryPoint } from "./columns.ts";
import { type Pair, type PairOptions, pairsAt } from "./paired.ts";

const defaults = {
  /** An accuracy that moves less is not told: tables show a tenth of a point, and another processor's rounding moves less. */
  leastStep: 0.0005,
  /** Least noise of each kind of figure; of latency and memory as a share. */
  leastNoise: { accuracy: 0.0001, latency: 0.001, memory: 0.015 },
  /** An exact figure that changes its value has changed; from so many results on, that is told without the rows. */
  leastResults: 6,
  significance: 0.05,
  /** Half a 95 % interval spans so many standard errors. */
  half: 1.96,
};

/** A change of a column, at one of its points. */
export interface Change {
  /** Place of the first point behind the change. */
  readonly at: number;
  readonly before: number;
  readonly after: number;
  /** It is the difference of two accuracies, a fraction, or the ratio of two latencies or memories. An exact one has no bounds. */
  readonly difference: Interval;
  /**
   * Says what it was found by: the noise of the series; the images of the two runs on both sides; that the figure is exact and has kept
   * its value; or intervals that do not overlap.
   */
  readonly by: "series" | "paired" | "exact" | "intervals";
}

/** Says where a column changed, and what was not judged. */
export interface Judgement {
  /** Tells whether the noise between results was estimated from them: that takes 6 different values. */
  readonly judged: boolean;
  /** Place from which on results are judged; absent where all are. */
  readonly from?: number | undefined;
  readonly changes: readonly Change[];
  /** Present where the newest result alone lies apart. */
  readonly newest?: Change | undefined;
  /** Places of single results that lie apart from those before and behind. */
  readonly alone: readonly number[];
  /** Results that were compared by image with the one before; `differs` says whether more than chance lies between them. */
  readonly pairs: readonly (Pair & { readonly at: number; readonly differs: boolean })[];
  /** Places of differences that nothing here can judge: the results are too few, and rows are missing. */
  readonly open: readonly number[];
  /** Standard deviation between results, and the smallest change that would have been found in the middle of the newest level. */
  readonly noise?: number | undefined;
  readonly detectable?: number | undefined;
}

/** Says where a column changed. Latency and memory are judged as shares, by their logarithms. */
export async function judgeColumn(column: HistoryColumn, options: PairOptions): Promise<Judgement> {
  const { figure, points } = column;
  const found = changesOf(
    points.map((point) => scaled(point, point.figure.value)),
    floorOf(column),
  );
  const pairs =
    figure.kind === "accuracy" ? await pairsAt(column, pairedPlaces(column, found, options), options) : none;
  const listed = [...pairs].map(([at, pair]) => ({ at, ...pair, differs: pair.p < defaults.significance }));
  if (found.kind === "too few") {
    const steps = found.steps.filter((at) => isTold(column, stepAt(points, at).value));
    const judged = steps.map((at) => [at, stepChange(column, at, pairs)] as const);
    const isAccuracy = figure.kind === "accuracy";
    return {
      judged: false,
      changes: isAccuracy ? judged.flatMap(([, each]) => (typeof each === "object" ? [each] : [])) : [],
      alone: [],
      pairs: listed,
      open: isAccuracy ? judged.flatMap(([at, each]) => (each === "open" ? [at] : [])) : steps,
    };
  }
  const told = found.shifts.filter(({ difference }) => isTold(column, difference.value));
  const { newest, noise, detectable } = found;
  return {
    judged: true,
    from: found.from === 0 ? undefined : found.from,
    changes: told.map((shift) => changeOf(column, shift)),
    newest: newest !== undefined && isTold(column, newest.difference.value) ? changeOf(column, newest) : undefined,
    alone: found.alone,
    pairs: listed,
    open: [],
    noise: figure.kind === "accuracy" ? noise : Math.expm1(noise),
    detectable: figure.kind === "accuracy" ? detectable : Math.expm1(detectable),
  };
}

const none: ReadonlyMap<number, Pair> = new Map();

function scaled({ figure: { kind } }: HistoryPoint, value: number): number {
  return kind === "accuracy" ? value : Math.log(value);
}

/**
 * Returns the least noise of a column. The interval of a latency's median is noise of that measurement; that of an accuracy is
 * about other images, which all results share, and says nothing here.
 */
function floorOf({ figure: { kind }, points }: HistoryColumn): number {
  const least = defaults.leastNoise[kind];
  if (kind !== "latency") return least;
  const errors = points.flatMap((point) => {
    const { low, high } = point.figure;
    if (low === undefined || high === undefined || low === 0) return [];
    return [(scaled(point, high) - scaled(point, low)) / 2 / defaults.half];
  });
  return errors.length === 0 ? least : Math.max(least, median(errors));
}

function isTold({ figure }: HistoryColumn, difference: number): boolean {
  return figure.kind !== "accuracy" || Math.abs(difference) >= defaults.leastStep;
}

/** Returns the places at which runs are compared by image: each step, or where that takes long those that were found alone. */
function pairedPlaces(column: HistoryColumn, found: Changes, { book }: PairOptions): readonly number[] {
  const { points, figure } = column;
  const steps = points.flatMap((_, at) => (at > 0 && isTold(column, stepAt(points, at).value) ? [at] : []));
  const metric = book.metrics.find(({ id }) => id === figure.metric);
  if (metric?.needs === "rows" || found.kind === "too few") return steps;
  const newest = found.newest === undefined ? [] : [found.newest];
  return [...found.shifts, ...newest].map(({ at }) => at);
}

function changeOf({ figure: { kind } }: HistoryColumn, { at, before, after, difference }: Shift): Change {
  if (kind === "accuracy") return { at, before, after, difference, by: "series" };
  return { at, before: Math.exp(before), after: Math.exp(after), difference: ratioOf(difference), by: "series" };
}

function ratioOf({ value, low, high }: Interval): Interval {
  const ratio = (bound: number | undefined) => (bound === undefined ? undefined : Math.exp(bound));
  return { value: Math.exp(value), low: ratio(low), high: ratio(high) };
}

/** Judges one step of an accuracy that has too few values for a noise between them. */
function stepChange(
  { points }: HistoryColumn,
  at: number,
  pairs: ReadonlyMap<number, Pair>,
): Change | "open" | "not shown" {
  const pair = pairs.get(at);
  if (pair !== undefined && pair.p >= defaults.significance) return "not shown";
  const by = pair === undefined ? foundWithoutRows(points, at) : "paired";
  if (by === undefined) return "open";
  return {
    at,
    before: points[at - 1]!.figure.value,
    after: points[at]!.figure.value,
    difference: pair?.difference ?? stepAt(points, at),
    by,
  };
}

function stepAt(points: readonly HistoryPoint[], at: number): Interval {
  return { value: points[at]!.figure.value - points[at - 1]!.figure.value };
}

function foundWithoutRows(points: readonly HistoryPoint[], at: number): "exact" | "intervals" | undefined {
  if (points.length >= defaults.leastResults) return "exact";
  const before = points[at - 1]!.figure;
  const { low, high } = points[at]!.figure;
  if (low === undefined || high === undefined || before.low === undefined || before.high === undefined)
    return undefined;
  return low > before.high || high < before.low ? "intervals" : undefined;
}
