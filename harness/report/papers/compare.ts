import type { RunReport } from "../../results/report.ts";
import { type Fill, type FillContext, fillsOf } from "./fills.ts";
import { type OurFigure, ourFigure } from "./ourFigure.ts";
import type { Measure, PaperColumn, PaperRow, PaperTable } from "./paper.ts";
import type { PublishedTable } from "./read.ts";

/** Our runs, and what says how open cells could be filled. */
export interface ComparisonContext extends FillContext {
  readonly reports: readonly RunReport[];
}

/**
 * A published table that has this project's figures beside it. Every format prints it; `--format json` prints it as it is.
 */
export interface Comparison extends Omit<PaperTable, "rows"> {
  readonly paper: string;
  readonly arxiv?: string;
  readonly rows: readonly ComparedRow[];
  /** Runs that filled a cell. */
  readonly runs: readonly UsedRun[];
  /** Command lines that would fill the open cells. */
  readonly fills: readonly Fill[];
  /** Reasons why no run can fill the other cells. */
  readonly closed: readonly string[];
}

export interface ComparedRow {
  readonly system: string;
  readonly config?: string;
  /** Cells by column; a value that the paper leaves out is absent. */
  readonly cells: Readonly<Record<string, ComparedCell>>;
}

export interface ComparedCell {
  readonly published: number | string;
  readonly unit?: string;
  /** Protocol of the row, where the row was not measured as its column says. */
  readonly protocol?: string;
  readonly variant?: string;
  readonly ours?: OurFigure;
  /** Our figure less the paper's, in the column's unit; absent where the difference would be that of two machines. */
  readonly difference?: number;
  /** Number of the command line among `fills`, from 1. */
  readonly fill?: number;
}

export type UsedRun = Pick<
  RunReport,
  | "id"
  | "variant"
  | "weights"
  | "weightsLabel"
  | "weightsLicence"
  | "dataset"
  | "fingerprint"
  | "images"
  | "conditions"
  | "notes"
>;

/** A cell whose variant and measure are both known: a run could stand beside it. */
export interface Pair {
  readonly variant: string;
  readonly measure: Measure;
}

/**
 * Puts figures of our runs beside a published table. A run fills a cell only if variant, protocol, prompts, metric and size
 * are the same and the images are of the same set.
 */
export function compareWithPaper({ paper, table }: PublishedTable, context: ComparisonContext): Comparison {
  const cells = table.rows.map((row) =>
    table.columns
      .filter(({ id }) => row.values[id] !== undefined)
      .map((column) => ({ column, ...openCell(row, column, context) })),
  );
  const pairs = cells.flat().flatMap(({ pair, cell }) => (pair === undefined || cell.ours ? [] : [pair]));
  const { fills, closed, numberOf } = fillsOf(pairs, context);
  const rows = table.rows.map(({ system, config }, i) => ({
    system,
    config,
    cells: Object.fromEntries(
      cells[i]!.map(({ column, pair, cell }) => {
        const fill = pair === undefined || cell.ours ? undefined : numberOf(pair.variant, pair.measure);
        return [column.id, fill === undefined ? cell : { ...cell, fill }];
      }),
    ),
  }));
  const used = new Set(cells.flat().flatMap(({ cell }) => cell.ours?.run ?? []));
  return {
    paper: paper.paper,
    arxiv: paper.arxiv,
    ...table,
    rows,
    fills,
    closed,
    runs: context.reports.filter(({ id }) => used.has(id)).map(usedRun),
  };
}

function openCell(row: PaperRow, column: PaperColumn, context: ComparisonContext) {
  const published = row.values[column.id]!;
  const unit = column.unitColumn === undefined ? column.unit : String(row.values[column.unitColumn] ?? "");
  const pair = pairOf(row, column);
  const protocol = row.measures?.protocol ?? column.measures?.protocol;
  const ours = pair && ourFigure(pair.variant, pair.measure, { ...context, unit });
  const cell: ComparedCell = {
    published,
    unit: unit || undefined,
    protocol: column.measures && protocol,
    variant: pair?.variant,
    ours,
    difference: ours && ours.nature !== "machine" && typeof published === "number" ? ours.value - published : undefined,
  };
  return { cell, pair };
}

/** Returns variant and measure of a cell; nothing where no variant stands for the row, or nothing is known of the column. */
export function pairOf(row: PaperRow, { id, measures }: PaperColumn): Pair | undefined {
  const variant = row.variants === undefined ? row.variant : row.variants[id];
  if (variant === undefined || measures === undefined) return undefined;
  // What no protocol changes, no row changes either.
  return { variant, measure: measures.protocol === undefined ? measures : { ...measures, ...row.measures } };
}

function usedRun(report: RunReport): UsedRun {
  const { id, variant, weights, weightsLabel, weightsLicence, dataset, fingerprint, images, conditions, notes } =
    report;
  return { id, variant, weights, weightsLabel, weightsLicence, dataset, fingerprint, images, conditions, notes };
}
