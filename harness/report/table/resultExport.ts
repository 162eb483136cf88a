import { HarnessError } from "../../errors.ts";
import type { RunReport } from "../../results/report.ts";
import { csv, exportTable, type TableFormat } from "./export.ts";
import type { LeftOut } from "./foot.ts";
import { resultGrid, resultRecords } from "./resultGrid.ts";
import { byDataset, resultJson, resultTable } from "./tables.ts";

interface ResultExportOptions {
  /** Characters of a line of text. */
  readonly width?: number;
  readonly detail?: "papers" | "full";
  readonly leftOut?: readonly LeftOut[];
}

/**
 * Returns the whole file of a format, with a table for each dataset. Throws HarnessError for a picture of several datasets.
 */
export async function exportResults(
  reports: readonly RunReport[],
  format: TableFormat,
  { width, detail = "papers", leftOut = [] }: ResultExportOptions = {},
): Promise<string | Buffer> {
  switch (format) {
    case "text":
      return `${resultTable(reports, { detail, leftOut, width })}\n`;
    case "json":
      return `${JSON.stringify(resultJson(reports, leftOut))}\n`;
    case "csv":
      return csv(resultRecords(reports));
    case "markdown":
    case "latex": {
      const tables = byDataset(reports).map((rows) => exportGrid(rows, format, { detail, leftOut }));
      return (await Promise.all(tables)).join("\n");
    }
    default: {
      const [rows, ...others] = byDataset(reports);
      if (rows === undefined || others.length > 0)
        throw new HarnessError(`--format ${format}: shows the runs of one dataset`, {
          found: `${others.length + (rows === undefined ? 0 : 1)} datasets`,
          hint: "name the runs: bench list runs",
        });
      return exportGrid(rows, format, { detail, leftOut });
    }
  }
}

function exportGrid(
  reports: readonly RunReport[],
  format: TableFormat,
  options: Parameters<typeof resultGrid>[1],
): Promise<string | Buffer> {
  return exportTable({ grid: resultGrid(reports, options), records: [], json: undefined }, format);
}

/** `bench table --readme` writes between these marks; Markdown shows neither. */
export const marks = { begin: "<!-- bench table: begin -->", end: "<!-- bench table: end -->" } as const;

/** Puts the table between the two marks of a text. Throws HarnessError where both are not there, once and in order. */
export function betweenMarks(text: string, table: string, file: string): string {
  const from = text.indexOf(marks.begin);
  const to = text.indexOf(marks.end);
  const once = text.indexOf(marks.begin, from + 1) < 0 && text.indexOf(marks.end, to + 1) < 0;
  if (from < 0 || to < from || !once)
    throw new HarnessError(`${file}: no place for the table`, {
      expected: `one line ${marks.begin} and one line ${marks.end} below it`,
      hint: "write both where the table is to stand",
    });
  return `${text.slice(0, from + marks.begin.length)}\n\n${withFoldedNotes(table)}\n\n${text.slice(to)}`;
}

/** Puts the notes behind a fold and leaves the table open, so that a page about more than the table stays short. */
function withFoldedNotes(table: string): string {
  const [figures, notes] = table.trim().split(/\n\n(?=- )/, 2);
  if (notes === undefined) return figures!;
  return `${figures}\n\n<details>\n<summary>What the figures mean</summary>\n\n${notes}\n\n</details>`;
}
