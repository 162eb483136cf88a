import { readFile, writeFile } from "node:fs/promises";
import { HarnessError } from "../errors.ts";
import { refuseIrregular } from "../files.ts";
import { loadBook } from "../plan/plugins/book.ts";
import type { Respect } from "../report/beside/rows.ts";
import type { TableFormat } from "../report/table/formats/export.ts";
import { betweenMarks, exportResults, readmeTable } from "../report/table/resultExport.ts";
import { readReports } from "../results/index/reports.ts";
import type { RunReport } from "../results/report.ts";
import { chosenSoundRuns } from "../results/storedRuns.ts";
import { headings } from "./headings.ts";
import { printBeside } from "./terminal/besideTable.ts";
import { type Arguments, type Command, type Console, listOf, note } from "./terminal/command.ts";
import { deliver } from "./terminal/deliver.ts";
import { paperOptions, printPaperTable, refusePaperOptions } from "./terminal/paperTable.ts";

import { choiceOptions, runChoice } from "./terminal/runChoice.ts";
import { lookOf, tableChoice, tableOptions, tableUnused } from "./terminal/tableOptions.ts";
import { nextOfRuns, reportCommand } from "./text/nextSteps.ts";

const respects = ["precisions", "runtimes"] as const satisfies readonly Respect[];

export const table: Command = {
  ...headings.table,
  options: {
    ...choiceOptions,
    ...tableOptions,
    unfinished: { describe: "also runs that are not finished", type: "boolean" },
    json: { describe: "print one JSON object instead of the table", type: "boolean" },
    readme: { describe: "write it as Markdown between the two marks of README.md, or of --out", type: "boolean" },
    precisions: {
      describe:
        "a model, or a row like sam-nano:mine@webgpu: its weights in every precision, each judged against float",
      type: "string",
    },
    runtimes: {
      describe:
        "a model, or a row like sam-nano:mine: its weights by every runtime, pages among them, each judged against cpu",
      type: "string",
    },
    ...paperOptions,
  },
  unused: [
    { when: "--readme is given", holds: ({ readme }) => readme === true, options: ["json", "notes"] },
    ...tableUnused,
    {
      when: "--paper is given",
      holds: ({ paper }) => paper !== undefined,
      options: ["all", "dataset", "columns", "wide", "notes", "sort", "unfinished", "readme"],
    },
    ...respects.map((respect) => ({
      when: `--${respect} is given`,
      holds: (args: Arguments) => args[respect] !== undefined,
      options: ["all", "columns", "wide", "sort", "unfinished", "readme", "paper", "detector"],
    })),
    { when: "--precisions is given", holds: ({ precisions }) => precisions !== undefined, options: ["runtimes"] },
  ],
  examples: [
    ["bench table", "the newest run of each variant"],
    ["bench table --wide --sort total", "more columns, the fastest first"],
    ["bench table sam-nano-0a1b2c3d4e5f --columns all --notes", "all that is known of one run"],
    ["bench table --format latex --out results.tex", "for a paper: booktabs and siunitx"],
    ["bench table --readme", "README's table, from the stored runs"],
    ["bench table --precisions sam-nano", "float, int8, half, w4 … of one checkpoint, with a verdict each"],
    ["bench table --runtimes sam-nano", "cpu, WebAssembly and WebGPU in a page: download, first mask, a verdict each"],
    ["bench table --paper sam-t5-coco --format latex", "a published table with our figures beside its own"],
  ],
  async run(args, console) {
    for (const respect of respects) if (args[respect] !== undefined) return printBeside(respect, args, console);
    if (args.paper !== undefined) return printPaperTable(args, console);
    refusePaperOptions(args);
    const runs = await chosenSoundRuns(runChoice(args), (text) => note(console, text));
    const plugins = listOf(args, "plugin");
    const reports = await readReports(runs, { book: await loadBook(plugins), plugins });
    if (args.readme) await writeReadme(finishedOnly(reports, args), args, console);
    else {
      const format = (args.format as TableFormat | undefined) ?? (args.json ? "json" : "text");
      // Programs get everything; a reader asks for what is not finished.
      const shown = format === "json" || format === "csv" ? reports : finishedOnly(reports, args);
      const names = listOf(args, "run");
      const content = await exportResults(shown, format, {
        ...tableChoice(args),
        ...lookOf(console, args),
        unfinished: reports.length - shown.length,
        report: reportCommand(args.results as string, names),
        next: nextOfRuns(shown),
      });
      await deliver(content, args, console);
    }
    return 0;
  },
};

/** Leaves unfinished runs out, unless they are asked for, by name too, or nothing else is here. */
function finishedOnly(reports: readonly RunReport[], args: Arguments): readonly RunReport[] {
  const finished = reports.filter(({ status }) => status === "done");
  const all = args.unfinished === true || args.all === true || listOf(args, "run").length > 0;
  return all || finished.length === 0 ? reports : finished;
}

/** Writes the table between the two marks of the file; the rest of the file stays as it is, to the byte. */
async function writeReadme(reports: readonly RunReport[], args: Arguments, console: Console): Promise<void> {
  if (args.format !== undefined)
    throw new HarnessError("--readme: writes Markdown", { found: `--format ${args.format}`, hint: "leave one out" });
  const file = (args.out as string | undefined) ?? "README.md";
  refuseIrregular(file);
  const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new HarnessError(`${file}: can not be read`, { found: cause.code, cause });
  });
  const table = await readmeTable(reports, tableChoice(args));
  const written = betweenMarks(text, table, file);
  if (written !== text) await writeFile(file, written);
  note(console, `${file}: ${written === text ? "up to date" : "written"}, ${reports.length} runs`);
}
