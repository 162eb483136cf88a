import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { HarnessError } from "../errors.ts";
import { historyOf, type JudgedColumn } from "../history/history.ts";
import { dateOf } from "../history/results.ts";
import { loadBook } from "../plan/plugins/book.ts";
import type { Theme } from "../report/charts/drawing/theme.ts";
import { headings } from "./headings.ts";
import { publishedDefault } from "./publish.ts";
import { type Arguments, type Command, type Console, line, listOf, note, widthOf } from "./terminal/command.ts";
import { resultsOption } from "./terminal/runChoice.ts";
import { createSteps } from "./terminal/steps.ts";
import { historyPicture } from "./text/history/picture.ts";
import { historyJson, historyText } from "./text/history/text.ts";

export const history: Command = {
  ...headings.history,
  options: {
    figure: {
      describe: "miou.box, encode, memory, or another; without it what a run is ranked by, and encode",
      type: "string",
      list: true,
    },
    published: {
      describe: "folder of results that bench publish wrote",
      type: "string",
      default: publishedDefault,
    },
    results: resultsOption,
    out: { describe: "also a chart; the file's ending says how: .pdf, .svg, .png or .vl.json", type: "string" },
    theme: {
      describe: "colours of the chart, for light or for dark paper",
      type: "string",
      choices: ["light", "dark"],
      default: "light",
    },
    plugin: { describe: "also know the protocols and metrics of this module", type: "string", list: true },
    json: { describe: "print one JSON object", type: "boolean" },
  },
  unused: [{ when: "no chart is written", holds: ({ out }) => out === undefined, options: ["theme"] }],
  examples: [
    ["bench history sam-nano", "what it is ranked by, and encode, over commits, and where they changed"],
    ["bench history sam-nano --figure miou.box,memory --out history.svg", "these figures, and a chart of them"],
    ["bench history --published site/results --results none", "every variant, from published results alone"],
  ],
  async run(args, console) {
    const judged = await judgedOf(args, console);
    if (judged.length === 0)
      throw new HarnessError("bench history: no result here", {
        found: `${args.published} and ${args.results}`,
        hint: "bench run measures, bench publish keeps a result; --published and --results name their folders",
      });
    if (args.json) line(console, JSON.stringify(historyJson(judged)));
    else line(console, historyText(judged, widthOf(console).width));
    if (args.out !== undefined) await writeChart(judged, args, console);
    return 0;
  },
};

async function judgedOf(args: Arguments, console: Console): Promise<readonly JudgedColumn[]> {
  const plugins = listOf(args, "plugin");
  const { follow, note: say, finish } = createSteps(console);
  const judged = await historyOf({
    published: args.published as string,
    results: resolve(args.results as string),
    variant: args.variant as string | undefined,
    figures: listOf(args, "figure"),
    book: await loadBook(plugins),
    plugins,
    notice: say,
    progress: (done, total, { row, figure }) =>
      follow("columns", { total, unit: "columns" }).update(done, `${figure.name} of ${row}`),
  });
  finish();
  return judged;
}

async function writeChart(judged: readonly JudgedColumn[], args: Arguments, console: Console): Promise<void> {
  const out = args.out as string;
  // Vega takes a second to load.
  const [{ historyChart }, { figureFile }] = await Promise.all([
    import("../report/charts/own/history.ts"),
    import("../report/charts/drawing/files.ts"),
  ]);
  const dates = judged.flatMap(({ column }) => column.points.map(({ record }) => dateOf(record)));
  const newest = new Date(Math.max(...dates.map((each) => Date.parse(each))));
  const chart = historyChart(historyPicture(judged));
  const content = await figureFile(chart, { file: out, theme: args.theme as Theme, date: newest });
  await writeFile(out, content).catch((cause: NodeJS.ErrnoException) => {
    throw new HarnessError(`${out}: can not be written`, { found: cause.code, hint: "does its folder exist?", cause });
  });
  note(console, `${out}: written`);
}
