import type { Comparison } from "../../results/compare/compare.ts";
import type { FigureDifference } from "../../results/compare/differences.ts";
import type { LatencyDifference } from "../../results/compare/latency.ts";
import { belowOne, differenceText } from "../../results/compare/words.ts";
import { figureIn, type RunReport, type Stage } from "../../results/report.ts";
import type { Interval } from "../../stats/intervals.ts";
import { largest } from "../../stats/summary.ts";
import { megabytesText, promptsText, scaledText, scoreText } from "../table/cellText.ts";
import { type Column, type Grid, none } from "../table/grid.ts";
import { headLines } from "../table/headLines.ts";
import { type NotesChoice, precisionNotes } from "./notes.ts";
import { type HeadlineFigure, headlinesOf, type PrecisionRow, type PrecisionTable } from "./rows.ts";

/** Returns the table as text cells: what each precision costs and saves, and the paired verdict on its masks. */
export function precisionGrid(table: PrecisionTable, notes: NotesChoice): Grid {
  const { model, rows } = table;
  const reports = rows.map(({ report }) => report);
  return {
    id: `precisions-${model.replaceAll(/[/:]/g, "-")}`,
    title: `${model}: the same weights in ${rows.length} precision${rows.length === 1 ? "" : "s"}`,
    subtitle: headLines(reports).join(". "),
    columns: columnsOf(rows).filter(({ header, cells }) => header.length === 1 || cells.some((cell) => cell !== none)),
    notes: precisionNotes(table, notes),
  };
}

type CellOf = (row: PrecisionRow) => string | undefined;

function columnsOf(rows: readonly PrecisionRow[]): readonly Column[] {
  const column = (header: readonly string[], align: Column["align"], cellOf: CellOf): Column => ({
    header,
    align,
    cells: rows.map((row) => cellOf(row) ?? none),
  });
  const float = rows[0]!.report;
  const bytes = (name: string, bytesIn: (report: RunReport) => number | undefined) => [
    column([name, "MB"], "right", ({ report }) => textOf(bytesIn(report), megabytesText)),
    column([name, "× float"], "right", ({ report, comparison }) =>
      comparison === undefined ? undefined : quotient(bytesIn(report), bytesIn(float)),
    ),
  ];
  const stage = (name: Stage) => [
    column([name, "ms"], "right", ({ report: { latency } }) => textOf(latency[name]?.median, scaledText)),
    column([name, "× float"], "right", ({ comparison }) => ratioText(stageOf(comparison, name))),
  ];
  return [
    column(["variant"], "left", ({ report }) => report.variant),
    column(["verdict"], "left", ({ comparison }) => comparison?.verdict.outcome),
    ...bytes("files", ({ graph }) => graph?.fileBytes),
    ...bytes("memory", ({ modelMemory }) => modelMemory && largest(Object.values(modelMemory))),
    ...stage("encode"),
    ...stage("decode"),
    ...headlinesOf(rows).flatMap((headline) => accuracyColumns(headline, column)),
    column(["masks", "IoU with float's"], "right", ({ comparison }) =>
      textOf(comparison?.agreement?.all?.maskIou?.mean, (iou) => belowOne(iou, 4)),
    ),
  ];
}

function accuracyColumns(
  { figure: name, id, prompts, protocol }: HeadlineFigure,
  column: (header: readonly string[], align: Column["align"], cellOf: CellOf) => Column,
): readonly Column[] {
  const group = promptsText(prompts);
  return [
    column([group, id === "miou" ? "mIoU, %" : id], "right", ({ report }) =>
      textOf(figureIn(report.prompts[prompts], protocol, id), (score) => scoreText(score, "without n")),
    ),
    column([group, "− float"], "right", ({ comparison }) =>
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
