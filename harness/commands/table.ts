import { resolve } from "node:path";
import { HarnessError } from "../errors.ts";
import { type RunReport, reportOf } from "../report/score.ts";
import { resultJson, resultTable } from "../report/tables.ts";
import { readRun, type StoredRun } from "../store/store.ts";
import { type Arguments, type Command, type Console, line, widthOf } from "./command.ts";
import { paperOptions, printPaperTable, refusePaperOptions } from "./paperTable.ts";
import { namedRuns, newestOfEach, noRuns, readableRuns, withoutShards } from "./storedRuns.ts";

export const table: Command = {
  name: "table",
  describe: "Print the table of stored runs again, without a model",
  arguments: [{ name: "run", describe: "ids as bench list runs has them", many: true, optional: true }],
  options: {
    results: { describe: "folder that runs are kept in", type: "string", default: "results" },
    all: { describe: "every run, not the newest of each variant on the same data and protocols", type: "boolean" },
    details: { describe: "also prepare, upscale, memory by stage, files, accuracy by size", type: "boolean" },
    json: { describe: "print one JSON object instead of the table", type: "boolean" },
    ...paperOptions,
  },
  examples: [
    ["bench table", "the newest run of each variant"],
    ["bench table sam-nano-0a1b2c3d4e5f --details", "all that is known of one run"],
    ["bench table --paper sam-t5-coco --format latex", "a published table with our figures beside its own"],
  ],
  async run(args, console) {
    if (args.paper !== undefined) return printPaperTable(args, console);
    refusePaperOptions(args);
    const runs = await chosenRuns(args, console);
    const reports: RunReport[] = [];
    // One after the other: rows of one run in memory at a time.
    for (const run of runs) reports.push(await reportOf(run));
    if (args.json) line(console, JSON.stringify(resultJson(reports)));
    else line(console, resultTable(reports, { ...widthOf(console), detail: args.details ? "full" : "papers" }));
    return 0;
  },
};

async function chosenRuns(args: Arguments, console: Console): Promise<readonly StoredRun[]> {
  const results = resolve(args.results as string);
  const names = ([] as readonly unknown[]).concat(args.run ?? []) as readonly string[];
  if (names.length > 0) return namedRuns(results, names);
  const manifests = await readableRuns(results, (text) => console.notes.write(`${text}\n`));
  if (manifests.length === 0) throw noRuns(results);
  const whole = withoutShards(manifests);
  if (!args.all && whole.length === 0)
    throw new HarnessError(`${results}: only shards of runs here`, {
      hint: `bench merge ${args.results} --out DIR makes whole runs of them; --all shows them as they are`,
    });
  const kept = args.all ? manifests : newestOfEach(whole);
  return Promise.all(kept.map(({ id }) => readRun(results, id)));
}
