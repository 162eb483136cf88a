import type { JudgedColumn } from "../../../history/history.ts";
import { dateOf } from "../../../history/results.ts";
import { unitOf, units } from "../../../metrics/index.ts";
import type { HistoryPanel } from "../../../report/charts/own/history.ts";
import { directionOf, stepText, wordsOf } from "./figure.ts";
import { commitText } from "./published.ts";

/** Scale from a stored latency or memory to the unit in which it is drawn. */
const scales = { latency: 1, memory: 1e-6 } as const;

/** Returns what the chart of a history draws: a panel for each column. */
export function historyPicture(judged: readonly JudgedColumn[]): readonly HistoryPanel[] {
  return judged.map(({ column: { row, figure, points, conditions }, judgement }) => {
    const scale = figure.kind === "accuracy" ? units[unitOf(figure)].factor : scales[figure.kind];
    const changes = [
      ...judgement.changes.map((each) => ({ ...each, word: directionOf(figure, each) })),
      ...(judgement.newest === undefined ? [] : [{ ...judgement.newest, word: "newest differs" }]),
    ];
    return {
      title: `${figure.name} of ${row}`,
      subtitle: conditions
        .filter(({ name }) => !name.startsWith("code") && name !== "processor's features")
        .map(({ value }) => value)
        .join(", "),
      axis: `${figure.name}, ${wordsOf(figure).unit}`,
      points: points.map(({ record, figure: { value, low = value, high = value } }) => ({
        label: record.commit === undefined ? "no commit" : commitText(record),
        date: dateOf(record).slice(0, 10),
        value: scale * value,
        low: scale * low,
        high: scale * high,
      })),
      changes: changes.map(({ at, before, after, word }) => ({
        at,
        text: `${word} ${stepText(figure, before, after)} ${wordsOf(figure).changeUnit}`,
      })),
    };
  });
}
