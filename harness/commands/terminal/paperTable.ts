import { resolve } from "node:path";
import { HarnessError } from "../../errors.ts";
import type { Option } from "../../plan/options.ts";
import { bookOf } from "../../plan/plugins/book.ts";
import { loadRegistry } from "../../plan/plugins/registry.ts";
import { promptsOf, type ScoreBook } from "../../protocols/index.ts";
import { compareWithPaper } from "../../report/papers/compare.ts";
import { comparisonGrid } from "../../report/papers/grid.ts";
import { publishedTables } from "../../report/papers/published.ts";
import { type PublishedTable, publishedTable } from "../../report/papers/read.ts";
import { comparisonRecords } from "../../report/papers/records.ts";
import { exportTable, type TableFormat, tableFormats } from "../../report/table/formats/export.ts";
import { readReports } from "../../results/index/reports.ts";
import type { RunReport } from "../../results/report.ts";
import { soundRuns, withoutShards, withoutSuperseded } from "../../results/storedRuns.ts";
import { type Arguments, type Console, listOf, note, widthOf } from "./command.ts";
import { deliver } from "./deliver.ts";

export const paperOptions: Readonly<Record<string, Option>> = {
  paper: { describe: "a published table beside our figures; ids: bench list papers", type: "string" },
  format: {
    describe: "how it is written (text if left out)",
    type: "string",
    choices: [...tableFormats],
  },
  out: { describe: "write this file instead of printing", type: "string" },
  detector: { describe: "with --paper: whose boxes the runs had, where the table depends on it", type: "string" },
  plugin: { describe: "also know what this module brings", type: "string", list: true },
};

/** Prints what `bench table --paper ID` shows: a published table with our figures beside its own, in any format. */
export async function printPaperTable(args: Arguments, console: Console): Promise<number> {
  const published = publishedTable(await publishedTables(), args.paper as string);
  const format = formatOf(args);
  const registry = await loadRegistry(listOf(args, "plugin"));
  const book = bookOf(registry);
  const detector = args.detector as string | undefined;
  const comparison = compareWithPaper(published, {
    reports: await reportsFor(published, { args, book, console }),
    protocols: new Map(book.protocols.map((each) => [each.id, { prompts: promptsOf(each), prompted: each.prompted }])),
    variants: new Set(registry.variants.keys()),
    detector,
    results: args.results === "results" ? undefined : (args.results as string),
  });
  const table = { grid: comparisonGrid(comparison), records: comparisonRecords(comparison), json: comparison };
  await deliver(await exportTable(table, format, widthOf(console)), args, console);
  return 0;
}

/** Throws HarnessError for options that mean nothing without `--paper`. */
export function refusePaperOptions(args: Arguments): void {
  if (args.detector !== undefined)
    throw new HarnessError("--detector: only with --paper", { hint: "bench list papers shows the published tables" });
}

function formatOf({ format, json, run }: Arguments): TableFormat {
  if (Array.isArray(run) && run.length > 0)
    throw new HarnessError("--paper: finds the runs that fit by itself", {
      found: run.join(" "),
      hint: "leave the run ids out, or --paper",
    });
  return (format as TableFormat | undefined) ?? (json ? "json" : "text");
}

/** Reads the runs of the variants that the table has; rows of other variants are not read. */
async function reportsFor(
  { table }: PublishedTable,
  { args, book, console }: { readonly args: Arguments; readonly book: ScoreBook; readonly console: Console },
): Promise<readonly RunReport[]> {
  const options = { book, plugins: listOf(args, "plugin") };
  const results = resolve(args.results as string);
  const wanted = new Set(table.rows.flatMap(({ variant, variants = {} }) => [variant, ...Object.values(variants)]));
  const runs = await soundRuns(results, (text) => note(console, text));
  const answering = new Set(withoutSuperseded(withoutShards(runs.map(({ facts }) => facts))));
  return readReports(
    runs.filter(({ facts }) => answering.has(facts) && wanted.has(facts.variant.id)),
    options,
  );
}
