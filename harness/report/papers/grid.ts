import { type Column, type Grid, type Mark, none, type Tone } from "../table/grid.ts";
import { type ColumnDigits, differenceText, digitsOf, isOutside, oursText, publishedText } from "./cellText.ts";
import type { ComparedCell, ComparedRow, Comparison } from "./compare.ts";
import { comparisonNotes } from "./notes.ts";
import type { PaperColumn } from "./paper.ts";

/**
 * Returns the paper's rows and columns; beside each column stand ours and the difference, where there is one or could be
 * one.
 */
export function comparisonGrid(comparison: Comparison): Grid {
  const { id, paper, arxiv, table, dataset, prompt, metric, columns } = comparison;
  const unitColumns = new Set(columns.flatMap(({ unitColumn }) => unitColumn ?? []));
  const shown = columns.filter((column) => !unitColumns.has(column.id));
  return {
    id,
    title: `${paper}${arxiv === undefined ? "" : ` (arXiv ${arxiv})`}, ${table}`,
    subtitle: [dataset, prompt === undefined ? undefined : `prompt: ${prompt}`, metric]
      .filter((each) => each !== undefined)
      .join("; "),
    columns: [...nameColumns(comparison.rows), ...shown.flatMap((column) => columnGroup(comparison, column))],
    notes: comparisonNotes(comparison),
  };
}

function nameColumns(rows: readonly ComparedRow[]): readonly Column[] {
  const column = (header: string, textOf: (row: ComparedRow) => string | undefined): Column => ({
    header: [header],
    align: "left",
    cells: rows.map((row) => textOf(row) ?? ""),
  });
  const configured = rows.some(({ config }) => config !== undefined);
  return [
    column("system", ({ system }) => system),
    ...(configured ? [column("configuration", ({ config }) => config)] : []),
  ];
}

interface MarkedText extends Mark {
  readonly text: string;
}

function columnGroup(comparison: Comparison, column: PaperColumn): readonly Column[] {
  const cells = comparison.rows.map((row) => row.cells[column.id]);
  const digits = digitsOf(comparison, column);
  const group = column.unit === undefined ? column.title : `${column.title}, ${column.unit}`;
  const gridColumn = (name: string, cellOf: (cell: ComparedCell) => MarkedText): Column => {
    const marks = cells.map((cell): MarkedText => (cell === undefined ? { text: none, tone: "plain" } : cellOf(cell)));
    return { header: [group, name], align: "right", cells: marks.map(({ text }) => text), marks };
  };
  const has = (test: (cell: ComparedCell) => boolean) => cells.some((cell) => cell !== undefined && test(cell));
  const n = sharedN(cells);
  const { fills } = comparison;
  const ownUnit = column.unitColumn !== undefined;
  return [
    gridColumn("paper", (cell) => ({
      text: publishedText(cell, digits, ownUnit),
      tone: "plain",
    })),
    ...(has(({ ours, fill }) => ours !== undefined || fill !== undefined)
      ? [
          gridColumn(n === undefined ? "ours" : `ours (n ${n})`, (cell) =>
            oursCell(cell, { digits, fills, n, ownUnit }),
          ),
        ]
      : []),
    ...(has(({ difference }) => difference !== undefined)
      ? [gridColumn("difference", (cell) => ({ text: differenceText(cell, digits), tone: differenceTone(cell) }))]
      : []),
  ];
}

/** Returns n where all figures of a column have the same; nothing where they differ. */
function sharedN(cells: readonly (ComparedCell | undefined)[]): number | undefined {
  const counts = new Set(cells.flatMap((cell) => (cell?.ours === undefined ? [] : [cell.ours.n])));
  return counts.size === 1 ? [...counts][0] : undefined;
}

interface OursContext {
  readonly digits: ColumnDigits;
  readonly fills: Comparison["fills"];
  /** Number of instances, where all cells of the column have the same. */
  readonly n: number | undefined;
  /** Tells whether each row has a unit of its own. */
  readonly ownUnit: boolean;
}

function oursCell(cell: ComparedCell, { digits, fills, n, ownUnit }: OursContext): MarkedText {
  const { ours, fill } = cell;
  if (ours !== undefined) {
    const images = ours.images === undefined ? "" : `, ${ours.images} images`;
    const figure = oursText(ours, digits, { withN: n === undefined ? "with n" : "without n" });
    const text = ownUnit && cell.unit !== undefined ? `${figure} ${cell.unit}` : figure;
    return { text, tone: "ours", detail: `run ${ours.run}${images}${ours.n === undefined ? "" : `, n ${ours.n}`}` };
  }
  if (fill === undefined) return { text: none, tone: "plain" };
  return { text: `[${fill}]`, tone: "open", detail: fills[fill - 1]!.command };
}

function differenceTone(cell: ComparedCell): Tone {
  const outside = isOutside(cell);
  if (outside === undefined || cell.difference === undefined) return "plain";
  if (!outside) return "alike";
  return cell.difference > 0 ? "above" : "below";
}
