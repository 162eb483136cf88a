import type { RunReport } from "../../results/report.ts";
import { totalMs } from "./columns/columns.ts";
import type { ResultColumn } from "./columns/resultColumns.ts";
import type { Mark, Sign } from "./grid.ts";
import { isTouched } from "./warnings.ts";

/**
 * Marks the best value of each column, the rows that no other beats in accuracy and total time, and the figures that a warning
 * is about. Rows of seeded weights and floors are no candidates: the first have no accuracy, the second no model.
 */
export function markedColumns(
  columns: readonly ResultColumn[],
  reports: readonly RunReport[],
): readonly ResultColumn[] {
  const candidates = reports.map(({ weights, role }) => weights !== "seeded" && role !== "floor");
  const efficient = efficientRows(columns, reports, candidates);
  return columns.map((column) => {
    const best = bestRows(column, candidates);
    const marks = reports.map(({ warnings }, row): Mark | undefined => {
      const touching = warnings.filter((warning) => isTouched(column, warning));
      const signs: Sign[] = [];
      if (best.has(row)) signs.push("best");
      if (column.id === "variant" && efficient.has(row)) signs.push("efficient");
      if (touching.length > 0 && column.values?.[row] !== undefined) signs.push("warned");
      if (signs.length === 0) return undefined;
      const detail = signs.includes("warned") ? touching.map(({ text }) => text).join(" ") : undefined;
      return { tone: "plain", signs, detail };
    });
    return { ...column, marks };
  });
}

/** Returns the rows that hold the best value; those that read the same are equally good. None where nothing is compared. */
function bestRows({ better, values, cells }: ResultColumn, candidates: readonly boolean[]): ReadonlySet<number> {
  const rows = candidates.flatMap((candidate, row) => (candidate && values?.[row] !== undefined ? [row] : []));
  if (better === undefined || values === undefined || rows.length < 2) return new Set();
  const isBetter = (a: number, b: number) => (better === "higher" ? values[a]! > values[b]! : values[a]! < values[b]!);
  const first = rows.reduce((best, row) => (isBetter(row, best) ? row : best));
  const figure = (row: number) => cells[row]!.split(" ")[0];
  const best = figure(first);
  const found = rows.filter((row) => figure(row) === best);
  return new Set(found.length === rows.length ? [] : found);
}

/** Returns the rows for which no other is at least as accurate and as fast, and better in one of both. */
function efficientRows(
  columns: readonly ResultColumn[],
  reports: readonly RunReport[],
  candidates: readonly boolean[],
): ReadonlySet<number> {
  const accuracy = columns.find(({ kind }) => kind === "accuracy")?.values;
  const points = reports.flatMap((report, row) => {
    const total = totalMs(report);
    const accurate = accuracy?.[row];
    return candidates[row] && total !== undefined && accurate !== undefined ? [{ row, total, accurate }] : [];
  });
  if (points.length < 2) return new Set();
  const beaten = (a: (typeof points)[number]) =>
    points.some(
      (b) => b.accurate >= a.accurate && b.total <= a.total && (b.accurate > a.accurate || b.total < a.total),
    );
  return new Set(points.filter((point) => !beaten(point)).map(({ row }) => row));
}
