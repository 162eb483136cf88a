import type { RunReport } from "../../results/report.ts";
import { type ResultColumn, resultColumns } from "../table/columns/resultColumns.ts";
import { markedColumns } from "../table/marking.ts";
import { baseOf } from "../table/tables.ts";

/** Column of the page's table. `further` columns are shown when the reader asks for them. */
export interface PageColumn extends Omit<ResultColumn, "shown"> {
  readonly shown: "first" | "further";
}

/** Ids of the columns that stand beside name and accuracy at first sight. */
const first = new Set(["total", "memory", "speed-up"]);

/** Returns the columns of a report's table: what decides first, all others behind it. */
export function pageColumns(reports: readonly RunReport[]): readonly PageColumn[] {
  const columns = markedColumns(resultColumns(reports, baseOf(reports), "all"), reports).map(
    (column): PageColumn => ({ ...column, shown: isFirst(column) ? "first" : "further" }),
  );
  const shownAs = (wanted: PageColumn["shown"]) => columns.filter(({ shown }) => shown === wanted);
  return [...shownAs("first"), ...shownAs("further")];
}

function isFirst({ id, kind, shown }: ResultColumn): boolean {
  return kind === "efficiency" ? first.has(id) : shown === "first";
}
