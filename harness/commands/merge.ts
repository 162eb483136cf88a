import { resolve } from "node:path";
import { HarnessError } from "../errors.ts";
import { loadBook } from "../plan/plugins/book.ts";
import { resultJson, resultTable } from "../report/table/tables.ts";
import { reportOf } from "../results/report.ts";
import { truthOf } from "../results/scores/scoreRun.ts";
import { mergeRun } from "../run/merge.ts";
import { findShards, wholeRuns } from "../run/shardRuns.ts";
import type { StoredRun } from "../store/store.ts";
import { headings } from "./headings.ts";
import { type Command, line, listOf, note } from "./terminal/command.ts";
import { createProgress } from "./terminal/progress.ts";
import { lookOf, printable, tableChoice, tableOptions, tableUnused } from "./terminal/tableOptions.ts";
import { reportCommand } from "./text/nextSteps.ts";

export const merge: Command = {
  ...headings.merge,
  options: {
    out: { describe: "results folder that the whole run is written into", type: "string" },
    data: { describe: "the dataset's folder, where average precision or recall is computed", type: "string" },
    annotations: { describe: "annotation file in its place", type: "string" },
    plugin: { describe: "also know the protocols, metrics and datasets of this module", type: "string", list: true },
    json: { describe: "print one JSON object instead of the table", type: "boolean" },
    ...tableOptions,
  },
  unused: [
    { when: "--annotations is given", holds: ({ annotations }) => annotations !== undefined, options: ["data"] },
    ...tableUnused,
  ],
  examples: [
    ["bench merge shards/* --out results", "the whole run; bench run --phase latency adds its latency"],
    ["bench merge shards --out results --data COCO", "where the protocol's figures need the annotations"],
  ],
  async run(args, console) {
    if (args.out === undefined) throw new HarnessError("--out: a results folder is needed", { expected: "--out DIR" });
    const folders = listOf(args, "dir").map((folder) => resolve(folder));
    const plugins = listOf(args, "plugin");
    const book = await loadBook(plugins);
    const data = args.data as string | undefined;
    const annotations = args.annotations as string | undefined;
    // Before anything is written, every shard of every run is known to be there.
    const wholes = wholeRuns(await findShards(folders));
    const merged: StoredRun[] = [];
    for (const whole of wholes) {
      const progress = createProgress(console, { total: whole.images.length, unit: "images" });
      try {
        const run = await mergeRun(whole, {
          book,
          out: resolve(args.out as string),
          truthOf: (manifest) => truthOf(manifest, whole.images, { data, annotations, plugins }),
          progress: (done, _, variant) => progress.update(done, variant),
          notice: progress.note,
        });
        merged.push(run);
      } finally {
        progress.finish();
      }
      note(console, `${whole.id}: ${whole.shards.length} shards, ${whole.images.length} images`);
    }
    const reports = [];
    for (const run of merged) reports.push(await reportOf(run, { book, plugins }));
    if (args.json) line(console, JSON.stringify(resultJson(reports)));
    else {
      const report = reportCommand(args.out as string);
      console.out.write(`${printable(resultTable(reports, { ...tableChoice(args), ...lookOf(console), report }))}\n`);
    }
    return 0;
  },
};
