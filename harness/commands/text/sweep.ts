import { printed, unitOf, units } from "../../metrics/index.ts";
import type { SweepPanel, SweepPicture } from "../../report/charts/own/sweep.ts";
import { megabytesText, quartilesText, scaledText, scoreText } from "../../report/table/cellText.ts";
import { wrap } from "../../report/table/formats/layout.ts";
import { intervalMeaning } from "../../report/table/intervalText.ts";
import type { LatencySummary } from "../../stats/summary.ts";
import { type Axis, type Gain, kindOf } from "../../sweep/axes.ts";
import type { SweepFigures } from "../../sweep/figures.ts";
import type { Knee } from "../../sweep/knees.ts";
import type { PointFigures } from "../../sweep/pointFigures.ts";
import { type FittedColumn, fittedTable } from "./fittedTable.ts";

/** Writes what `bench sweep` prints of its figures. */
export function sweepText(figures: SweepFigures, width: number | undefined): string {
  const { id, variant, axes, points, notes } = figures;
  const lines = (texts: readonly string[]) => texts.map((text) => wrap(text, width ?? 120, "  "));
  return [
    `${variant}, ${axes.map((axis) => axis.name).join(" by ")}`,
    "",
    fittedTable(columnsOf(figures), width),
    "",
    ...lines(
      points.flatMap(({ label, problem }) => (problem === undefined ? [] : [`${label}: not finished, ${problem}`])),
    ),
    ...lines(kneeLines(figures)),
    ...lines([meaningOf(figures), ...notes]),
    `sweep: ${id}`,
  ].join("\n");
}

function columnsOf({ axes, points, rate, accuracy }: SweepFigures): readonly FittedColumn[] {
  const column = (
    header: string,
    cell: (point: PointFigures) => string | undefined,
    leaves?: number,
  ): FittedColumn => ({
    header,
    cells: points.map((point) => cell(point) ?? ""),
    leaves,
  });
  const counts = new Set(points.flatMap(({ promptsACall }) => promptsACall ?? []));
  const [count] = counts;
  const prompts = counts.size === 1 && count !== undefined ? `prompts/s (${count} a call)` : "prompts/s";
  const all = [
    ...axes.map((axis) => column(kindOf(axis).title, ({ values }) => String(values[axis.name]))),
    column("encode ms", ({ encode }) => timeText(encode)),
    column("images/s", ({ imagesPerSecond }) => numberText(imagesPerSecond)),
    column("decode ms", ({ decode }) => timeText(decode), 1),
    column(
      prompts,
      ({ promptsPerSecond }) => numberText(promptsPerSecond),
      axes[0]!.name === "prompts" ? undefined : 2,
    ),
    column("memory MB", ({ peakBytes }) => (peakBytes === undefined ? undefined : megabytesText(peakBytes))),
    column(`${accuracy?.title} ${signOf(accuracy)} ${accuracy?.prompts}`, (point) =>
      point.accuracy === undefined ? undefined : scoreText(point.accuracy, "without n"),
    ),
    column(`change of ${rate}`, changeText),
  ];
  // A column that no point has a figure for says nothing.
  return all.filter(({ cells }) => cells.some((cell) => cell !== ""));
}

function timeText(summary: LatencySummary | undefined): string | undefined {
  return summary === undefined ? undefined : `${scaledText(summary.median)} ${quartilesText(summary)}`;
}

function numberText(summary: LatencySummary | undefined): string | undefined {
  return summary === undefined ? undefined : scaledText(summary.median);
}

/** Writes by how much the rate is larger or smaller than the first point's, with the interval of that. */
function changeText({ change }: PointFigures): string | undefined {
  if (change === undefined) return undefined;
  const percent = (ratio: number) => {
    const places = 100 * (ratio - 1);
    return `${places < 0 ? "−" : "+"}${Math.abs(places).toFixed(0)}`;
  };
  const { value, low, high } = change;
  const interval = low === undefined || high === undefined ? "" : ` [${percent(low)}, ${percent(high)}]`;
  return `${percent(value)} %${interval}`;
}

function kneeLines({ axes, knees, accuracy }: SweepFigures): readonly string[] {
  const [first, second] = axes as [Axis, Axis?];
  const named = (gain: Gain) => (gain === "accuracy" ? (accuracy?.title ?? gain) : gain);
  return knees.map(({ gain, of, at, highest, rise }: Knee) => {
    const where = of === undefined || second === undefined ? "" : `, ${kindOf(second).label(of)}`;
    const top = highest === undefined ? "" : `; highest at ${kindOf(first).label(highest)}`;
    const bounds = gain === "accuracy" ? "intervals" : "quartiles";
    const unsure =
      rise === "unsure" && highest !== first.values[0]
        ? `, which is unsure: its ${bounds} reach those of the lowest ${first.name}`
        : "";
    const knee = at === undefined ? "none" : kindOf(first).label(at);
    return `knee of ${named(gain)} over ${first.name}${where}: ${knee}${top}${unsure}`;
  });
}

function meaningOf({ axes, knees, accuracy }: SweepFigures): string {
  const knee =
    knees.length === 0
      ? ""
      : "knee: the point farthest above the chord from the first point to the highest, both axes scaled to 1; none where that is less than 0.1. ";
  const score = accuracy === undefined ? "" : `; accuracy: ${intervalMeaning}`;
  const call = axes.some(({ name }) => name === "batch") ? "encode is one call for the whole batch; " : "";
  return `${knee}The points took turns: medians with [quartiles]; ${call}change against the first point with its 95 % interval, rounds paired; memory is the highest peak of a process that holds the model and one photo${score}.`;
}

/** Returns what the chart of a sweep shows. */
export function sweepPicture({ variant, axes, rate, accuracy, points, knees }: SweepFigures): SweepPicture {
  const [first, second] = axes as [Axis, Axis?];
  const lineOf = (value: PointFigures["values"][Axis["name"]]) =>
    second === undefined || value === undefined ? undefined : kindOf(second).label(value);
  const rates: SweepPanel = { id: "rate", title: rate, bounds: "quartiles" };
  const memory: SweepPanel = { id: "memory", title: "peak memory, MB", bounds: "none" };
  const scores: SweepPanel = {
    id: "accuracy",
    title: `${accuracy?.title} ${accuracy?.prompts}, ${signOf(accuracy)}`,
    bounds: "95 % interval",
  };
  const panels = accuracy === undefined ? [rates, memory] : [scores, rates, memory];
  return {
    variant,
    over: axes.map(({ name }) => name).join(" and "),
    x: kindOf(first).title,
    lines: second && kindOf(second).title,
    panels,
    places: points.map((point) => ({
      x: point.values[first.name]!,
      line: second && lineOf(point.values[second.name]),
      figures: {
        rate: summaryBounds(rate === "images/s" ? point.imagesPerSecond : point.promptsPerSecond),
        memory: point.peakBytes === undefined ? undefined : { value: point.peakBytes / 1e6 },
        accuracy: point.accuracy && printed(point.accuracy, unitOf(point.accuracy)),
      },
    })),
    knees: knees.flatMap(({ gain, at, of }) =>
      at === undefined || (gain !== "accuracy" && gain !== rate)
        ? []
        : [{ panel: gain === "accuracy" ? "accuracy" : "rate", x: at, line: lineOf(of) }],
    ),
  };
}

function signOf(accuracy: SweepFigures["accuracy"]): string | undefined {
  return accuracy && units[accuracy.unit].sign;
}

function summaryBounds(summary: LatencySummary | undefined) {
  return summary === undefined ? undefined : { value: summary.median, low: summary.q1, high: summary.q3 };
}
