import type { Comparison } from "../../results/compare/compare.ts";
import type { FigureDifference } from "../../results/compare/differences.ts";
import type { LatencyDifference } from "../../results/compare/latency.ts";
import { belowOne, differenceText } from "../../results/compare/words.ts";
import type { Stage } from "../../results/report/times.ts";
import { figureIn, type RunReport } from "../../results/report.ts";
import type { Interval } from "../../stats/intervals.ts";
import { largest } from "../../stats/summary.ts";
import { megabytesText, promptsText, scaledText, scoreText } from "../table/cellText.ts";
import { type Column, type Grid, none } from "../table/grid.ts";
import { headLines } from "../table/headLines.ts";
import { besideNotes, type NotesChoice } from "./notes.ts";
import {
  type BesideRow,
  type BesideTable,
  firstNames,
  type HeadlineFigure,
  headlinesOf,
  type Respect,
} from "./rows.ts";

/** Gives what a title says of so many rows. */
const titles: Readonly<Record<Respect, (rows: number) => string>> = {
  precisions: (rows) => `in ${rows} precision${rows === 1 ? "" : "s"}`,
  runtimes: (rows) => `by ${rows} runtime${rows === 1 ? "" : "s"}`,
};

/** Returns the table as text cells: what each row costs and saves, and the paired verdict on its masks. */
export function besideGrid(table: BesideTable, notes: NotesChoice): Grid {
  const { respect, model, rows } = table;
  const reports = rows.map(({ report }) => report);
  return {
    id: `${respect}-${model.replaceAll(/[/:]/g, "-")}`,
    title: `${model}: the same weights ${titles[respect](rows.length)}`,
    subtitle: headLines(reports).join(". "),
    columns: columnsOf(table).filter(({ header, cells }) => header.length === 1 || cells.some((cell) => cell !== none)),
    notes: besideNotes(table, notes),
  };
}

type CellOf = (row: BesideRow) => string | undefined;

function columnsOf({ respect, rows }: BesideTable): readonly Column[] {
  const column = (header: readonly string[], align: Column["align"], cellOf: CellOf): Column => ({
    header,
    align,
    cells: rows.map((row) => cellOf(row) ?? none),
  });
  const first = rows[0]!.report;
  const firstName = firstNames[respect];
  const own = (name: string, unit: string, valueIn: (report: RunReport) => number | undefined) =>
    column([name, unit], "right", ({ report }) => textOf(valueIn(report), unit === "MB" ? megabytesText : scaledText));
  const bytes = (name: string, bytesIn: (report: RunReport) => number | undefined) => [
    own(name, "MB", bytesIn),
    column([name, `× ${firstName}`], "right", ({ report, comparison }) =>
      comparison === undefined ? undefined : quotient(bytesIn(report), bytesIn(first)),
    ),
  ];
  const stage = (name: Stage) => [
    own(name, "ms", ({ latency }) => latency[name]?.median),
    column([name, `× ${firstName}`], "right", ({ comparison }) => ratioText(stageOf(comparison, name))),
  ];
  return [
    column(["variant"], "left", ({ report }) => report.variant),
    column(["verdict"], "left", ({ comparison }) => comparison?.verdict.outcome),
    // The files of a model are the same whatever runs them.
    ...(respect === "runtimes" ? [own("files", "MB", fileBytes)] : bytes("files", fileBytes)),
    own("download", "MB", ({ page }) => page?.downloadBytes),
    own("first mask", "ms", ({ page }) => page?.firstMaskMs),
    ...bytes("memory", ({ modelMemory }) => modelMemory && largest(Object.values(modelMemory))),
    own("page memory", "MB", ({ page }) => page?.memoryBytes),
    ...stage("encode"),
    ...stage("decode"),
    ...headlinesOf(rows).flatMap((headline) => accuracyColumns(headline, { firstName, column })),
    column(["masks", `IoU with ${firstName}'s`], "right", ({ comparison }) =>
      textOf(comparison?.agreement?.all?.maskIou?.mean, (iou) => belowOne(iou, 4)),
    ),
  ];
}

interface MadeColumns {
  readonly firstName: string;
  readonly column: (header: readonly string[], align: Column["align"], cellOf: CellOf) => Column;
}

function fileBytes({ graph }: RunReport): number | undefined {
  return graph?.fileBytes;
}

function accuracyColumns(
  { figure: name, id, prompts, protocol }: HeadlineFigure,
  { firstName, column }: MadeColumns,
): readonly Column[] {
  const group = promptsText(prompts);
  return [
    column([group, id === "miou" ? "mIoU, %" : id], "right", ({ report }) =>
      textOf(figureIn(report.prompts[prompts], protocol, id), (score) => scoreText(score, "without n")),
    ),
    column([group, `− ${firstName}`], "right", ({ comparison }) =>
      textOf(
        comparison?.figures.find(({ figure }) => figure === name),
        ({ difference, unit }) => differenceWithBounds(difference, unit),
      ),
    ),
  ];
}

function differenceWithBounds({ value, low, high }: Interval, unit: FigureDifference["unit"]): string {
  const text = (each: number) => differenceText(each, unit);
  return low === undefined || high === undefined ? text(value) : `${text(value)} [${text(low)}, ${text(high)}]`;
}

function stageOf(comparison: Comparison | undefined, name: Stage): LatencyDifference | undefined {
  // Medians of two sessions are no ratio: heat and other load would be in it.
  if (comparison?.latency?.measured !== "interleaved") return undefined;
  return comparison.latency.stages.find(({ stage }) => stage === name);
}

function ratioText(found: LatencyDifference | undefined): string | undefined {
  if (found === undefined) return undefined;
  const { value, low, high } = found.ratio;
  const bounds = low === undefined || high === undefined ? "" : ` [${low.toFixed(2)}, ${high.toFixed(2)}]`;
  return `${value.toFixed(2)}${bounds}`;
}

function quotient(value: number | undefined, of: number | undefined): string | undefined {
  return value === undefined || of === undefined ? undefined : (value / of).toFixed(2);
}

function textOf<T>(value: T | undefined, write: (value: T) => string): string | undefined {
  return value === undefined ? undefined : write(value);
}
