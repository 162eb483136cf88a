import type { HistoryColumn, HistoryPoint } from "../../../history/columns.ts";
import type { JudgedColumn } from "../../../history/history.ts";
import type { Change, Judgement } from "../../../history/judge.ts";
import { dateOf } from "../../../history/results.ts";
import { wrap } from "../../../report/table/formats/layout.ts";
import { pValue } from "../../../results/compare/words.ts";
import { type FittedColumn, fittedTable } from "../fittedTable.ts";
import { boundsText, changeText, directionOf, stepText, wordsOf } from "./figure.ts";
import { commitText } from "./published.ts";

const defaults = {
  width: 120,
  /** A difference between neighbours is named where it is larger than so many deviations of the noise. */
  beyond: 3,
};

/** Writes each column: what it says, under which conditions its figures are comparable, and a row for each result. */
export function historyText(judged: readonly JudgedColumn[], width: number = defaults.width): string {
  const texts = judged.map((each) => [...headLines(each, width), "", tableOf(each, width)].join("\n"));
  return texts.join("\n\n\n");
}

function headLines({ column, judgement }: JudgedColumn, width: number): readonly string[] {
  const { differs, conditions } = column;
  const lines = [
    answerOf(column, judgement),
    `comparable: ${conditions.map(({ name, value }) => (name.startsWith("code") ? `${name} ${value}` : value)).join(", ")}`,
    ...(differs.length === 0
      ? []
      : [`another column of ${column.figure.name} stands apart, because it differs in: ${differs.join(", ")}`]),
  ];
  return lines.map((line) => wrap(line, width, "  "));
}

/** Writes the answer in one sentence: `miou.box of sam-nano: 12 results from … to …: changed at abc1234, 61.2 → 60.1 % (…)`. */
function answerOf(column: HistoryColumn, judgement: Judgement): string {
  const { row, figure, points } = column;
  const days = [points[0]!, points.at(-1)!].map(({ record }) => dateOf(record).slice(0, 10));
  const when = days[0] === days[1] ? `of ${days[0]}` : `from ${days[0]} to ${days[1]}`;
  const count = points.length === 1 ? "1 result" : `${points.length} results`;
  const part = judgement.from === undefined ? "" : `, judged from ${timeText(points[judgement.from]!)} on`;
  const found = [
    ...judgement.changes.map((each) => `${placeText(column, each.at)}: ${sizeText(column, each, judgement)}`),
    ...newestText(column, judgement),
    ...neighboursText(column, judgement),
    ...judgement.open.map((at) => `${placeText(column, at)}: differs, and is not judged`),
  ];
  return `${figure.name} of ${row}: ${count} ${when}${part}; ${found.length === 0 ? quietText(column, judgement) : found.join("; ")}${whyOpen(column, judgement)}`;
}

/** Names the place of a change: its commit, or the day of a result that has none. */
function placeText({ points }: HistoryColumn, at: number): string {
  const own = points[at]!.record;
  const before = points[at - 1]!.record;
  if (own.commit === undefined) return `on ${timeText(points[at]!)}`;
  // Two measurements of one commit: not the code has changed.
  const same = own.commit.hash === before.commit?.hash ? " (measured again)" : "";
  return `at ${own.commit.hash.slice(0, 7)}${same}`;
}

function sizeText({ figure }: HistoryColumn, found: Change, { pairs }: Judgement): string {
  const { unit, value } = wordsOf(figure);
  const levels = `${value(found.before)} → ${value(found.after)} ${unit}`;
  return `${directionOf(figure, found)}, ${levels} (${changeText(figure, found)}${evidenceText(found, pairs)})`;
}

function evidenceText({ at, by }: Change, pairs: Judgement["pairs"]): string {
  if (by === "exact") return "; the figure is exact for the same weights";
  if (by === "intervals") return "; the intervals of both do not overlap";
  const pair = pairs.find((each) => each.at === at);
  return pair === undefined ? "" : `; paired by image p ${pValue(pair.p)}`;
}

function newestText(column: HistoryColumn, judgement: Judgement): readonly string[] {
  const { newest } = judgement;
  if (newest === undefined) return [];
  const ask = column.figure.kind === "accuracy" ? "the next result tells whether it stays" : "measure it again";
  return [`the newest differs ${placeText(column, newest.at)}: ${sizeText(column, newest, judgement)}; ${ask}`];
}

/** Names results that differ from the one before by image, and by more than results do here, where the series has no change. */
function neighboursText(column: HistoryColumn, judgement: Judgement): readonly string[] {
  const { noise = 0 } = judgement;
  const alone = judgement.pairs.filter(
    ({ at, differs, difference }) =>
      differs && !isNamed(judgement, at) && Math.abs(difference.value) > defaults.beyond * noise,
  );
  if (alone.length === 0) return [];
  const { changeUnit, change } = wordsOf(column.figure);
  const named = alone.map(
    ({ at, difference, p }) => `${placeText(column, at)} by ${change(difference.value)} ${changeUnit} (p ${pValue(p)})`,
  );
  const quiet = judgement.changes.length === 0 && judgement.newest === undefined ? "no lasting change shown, but " : "";
  return [`${quiet}paired by image it differs from the one before ${named.join(", ")}`];
}

function isNamed({ changes, newest }: Judgement, at: number): boolean {
  return changes.some((each) => each.at === at) || newest?.at === at;
}

function quietText({ figure, points }: HistoryColumn, { judged, detectable, pairs }: Judgement): string {
  const { changeUnit, change } = wordsOf(figure);
  if (points.every((each) => each.figure.value === points[0]!.figure.value))
    return points.length === 1 ? "nothing to compare it with" : "the same in all of them";
  if (!judged) return pairs.length > 0 ? "no change shown, paired by image" : "no change that tables would show";
  const least = figure.kind === "accuracy" ? detectable! : 1 + detectable!;
  return `no change shown; one of ${change(least).replace("+", "")} ${changeUnit} in the middle would have shown`;
}

function whyOpen({ figure }: HistoryColumn, { open }: Judgement): string {
  if (open.length === 0) return "";
  const rows = figure.kind === "accuracy" ? ", or the rows of both runs in --results" : "";
  return `. Too few results to judge: it takes 6 different values${rows}`;
}

function timeText({ record }: HistoryPoint): string {
  return dateOf(record).slice(0, 16).replace("T", " ");
}

/** Writes days alone where no two results are of one day. */
function datesOf(points: readonly HistoryPoint[]): readonly string[] {
  const days = points.map(({ record }) => dateOf(record).slice(0, 10));
  return new Set(days).size === days.length ? days : points.map(timeText);
}

function tableOf({ column, judgement }: JudgedColumn, width: number): string {
  const { figure, points } = column;
  const { unit, changeUnit, value } = wordsOf(figure);
  const cellsOf = (text: (point: HistoryPoint, i: number) => string) => points.map(text);
  const columns: readonly (FittedColumn | undefined)[] = [
    { header: "date, UTC", cells: datesOf(points), leaves: 4 },
    { header: "commit", cells: cellsOf(({ record }) => commitText(record)) },
    { header: "weights", cells: cellsOf(({ record }) => record.weights.sha256?.slice(0, 7) ?? "–"), leaves: 2 },
    { header: `${figure.name}, ${unit}`, cells: cellsOf((point) => value(point.figure.value)) },
    figure.kind === "memory"
      ? undefined
      : { header: `95 % interval, ${unit}`, cells: cellsOf((point) => boundsText(figure, point.figure)), leaves: 3 },
    figure.kind === "memory"
      ? undefined
      : { header: "n", cells: cellsOf((point) => String(point.figure.n)), leaves: 1 },
    {
      header: `change, ${changeUnit}`,
      cells: cellsOf((point, i) => (i === 0 ? "" : stepText(figure, points[i - 1]!.figure.value, point.figure.value))),
    },
    { header: "verdict", cells: cellsOf((_, i) => verdictAt(column, judgement, i)) },
  ];
  return fittedTable(
    columns.filter((each) => each !== undefined),
    width,
  );
}

function verdictAt({ figure }: HistoryColumn, judgement: Judgement, at: number): string {
  const { changes, newest, alone, pairs, open } = judgement;
  const changed = changes.find((each) => each.at === at);
  if (changed !== undefined) return `${directionOf(figure, changed)} from here on`;
  if (newest?.at === at) return figure.kind === "accuracy" ? "differs: see the next" : "differs: measure again";
  if (alone.includes(at)) return "apart from those around it";
  if (open.includes(at)) return "differs, not judged";
  const pair = pairs.find((each) => each.at === at);
  if (pair === undefined) return "";
  return `${pair.differs ? "differs by image" : "alike by image"}, p ${pValue(pair.p)}`;
}

/** Makes the object of `--json`: values in the unit of their figure, ms and bytes; of a latency or a memory the difference is a ratio. */
export function historyJson(judged: readonly JudgedColumn[]): object {
  return {
    columns: judged.map(({ column: { row, figure, conditions, differs, points }, judgement }) => ({
      row,
      figure,
      conditions,
      differs,
      ...judgement,
      points: points.map(({ record, file, stored, figure: { value, low, high, n } }) => ({
        file,
        run: record.run.id,
        rows: stored !== undefined,
        commit: record.commit,
        date: dateOf(record),
        weightsSha256: record.weights.sha256,
        value,
        low,
        high,
        n,
      })),
    })),
  };
}
