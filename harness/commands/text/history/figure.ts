import type { HistoryFigure } from "../../../history/figures.ts";
import type { Change } from "../../../history/judge.ts";
import { change, milliseconds, points } from "../../../results/compare/words.ts";
import type { Interval } from "../../../stats/intervals.ts";

/** Says how figures of one kind are written: accuracy is in % and points, latency in ms, memory in MB. */
interface Words {
  readonly unit: string;
  readonly changeUnit: string;
  value(value: number): string;
  /** Writes a difference of fractions, or a ratio. */
  change(difference: number): string;
  readonly better: string;
  readonly worse: string;
}

const words: Readonly<Record<HistoryFigure["kind"], Words>> = {
  accuracy: {
    unit: "%",
    changeUnit: "points",
    value: (value) => (100 * value).toFixed(2),
    change: (difference) => points(difference, 2),
    better: "better",
    worse: "worse",
  },
  latency: {
    unit: "ms",
    changeUnit: "%",
    value: milliseconds,
    change,
    better: "faster",
    worse: "slower",
  },
  memory: {
    unit: "MB",
    changeUnit: "%",
    value: (value) => (value / 1e6).toFixed(1),
    change,
    better: "less",
    worse: "more",
  },
};

export function wordsOf({ kind }: HistoryFigure): Words {
  return words[kind];
}

/** Returns what a change is called: worse, slower, more, or their opposites. */
export function directionOf(figure: HistoryFigure, { before, after }: Change): string {
  const { better, worse } = wordsOf(figure);
  return after > before === (figure.better === "higher") ? better : worse;
}

/** Writes the step from one value to the next: a difference of accuracies, a ratio of the others. */
export function stepText(figure: HistoryFigure, before: number, after: number): string {
  return wordsOf(figure).change(figure.kind === "accuracy" ? after - before : after / before);
}

/** Writes both bounds of an interval of values; nothing where there are none. */
export function boundsText(figure: HistoryFigure, { low, high }: Interval): string {
  const { value } = wordsOf(figure);
  return low === undefined || high === undefined ? "" : `${value(low)} to ${value(high)}`;
}

/** Writes a change with its interval: `−1.10 points, 95 % interval −1.52 to −0.68`. */
export function changeText(figure: HistoryFigure, { difference: { value, low, high } }: Change): string {
  const { changeUnit, change: text } = wordsOf(figure);
  const interval = low === undefined || high === undefined ? "" : `, 95 % interval ${text(low)} to ${text(high)}`;
  return `${text(value)} ${changeUnit}${interval}`;
}
