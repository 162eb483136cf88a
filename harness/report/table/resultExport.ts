import { HarnessError } from "../../errors.ts";
import type { RunReport } from "../../results/report.ts";
import { licenceLines } from "./foot.ts";
import { csv, exportTable, type TableFormat } from "./formats/export.ts";
import { gridMarkdown } from "./formats/markdown.ts";
import { headLines } from "./headLines.ts";
import { resultGrid, resultRecords } from "./resultGrid.ts";
import { byDataset, resultJson, resultTable, type TableChoice, type TableOptions } from "./tables.ts";
import { warningGroups } from "./warnings.ts";

/**
 * Returns the whole file of a format, with a table for each dataset. Throws HarnessError for a picture of several datasets.
 */
export async function exportResults(
  reports: readonly RunReport[],
  format: TableFormat,
  options: TableOptions = {},
): Promise<string | Buffer> {
  const { leftOut = [], sort, columns = "first" } = options;
  switch (format) {
    case "text":
      return `${resultTable(reports, options)}\n`;
    case "json":
      return `${JSON.stringify(resultJson(reports, leftOut))}\n`;
    case "csv":
      return csv(resultRecords(reports));
    case "markdown":
    case "latex": {
      const tables = byDataset(reports, sort).map((rows) => exportGrid(rows, format, { columns, leftOut }));
      return (await Promise.all(tables)).join("\n");
    }
    default: {
      const [rows, ...others] = byDataset(reports, sort);
      if (rows === undefined || others.length > 0)
        throw new HarnessError(`--format ${format}: shows the runs of one dataset`, {
          found: `${others.length + (rows === undefined ? 0 : 1)} datasets`,
          hint: "name the runs: bench list runs",
        });
      return exportGrid(rows, format, { columns, leftOut });
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

/**
 * Returns the table as a page about more than it shows it: Markdown with one line below it. What the figures mean is the same
 * for all tables and stands in a page of its own.
 */
export async function readmeTable(reports: readonly RunReport[], { columns, sort }: TableChoice): Promise<string> {
  const tables = byDataset(reports, sort).map((rows) => {
    const grid = resultGrid(rows, { columns: columns ?? "first" });
    return `${headLines(rows).join(". ")}.\n\n${gridMarkdown({ ...grid, title: "", subtitle: "", notes: [] })}`;
  });
  const [worst] = warningGroups(reports);
  const meaning = `[What the figures mean](${meaningPage}); \`bench table --notes\` has every note and warning`;
  const signs = "in bold the best of its column, ^ where no row is both more accurate and faster";
  const below = `${meaning}; ${signs}${worst === undefined ? "" : `, ! ${worst.text}`}.`;
  return [...tables, below, ...licenceLines(reports)].join("\n\n");
}

/** The page that says what the figures of every table mean. */
const meaningPage = "harness/report/README.md";

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
  return `${text.slice(0, from + marks.begin.length)}\n\n${table.trim()}\n\n${text.slice(to)}`;
}
