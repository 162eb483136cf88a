import { writeFile } from "node:fs/promises";
import { HarnessError, unknown } from "../errors.ts";
import { loadBook } from "../plan/plugins/book.ts";
import type { Theme } from "../report/charts/drawing/theme.ts";
import type { Chart } from "../report/charts/index.ts";
import { groupsOf, readDetails } from "../report/html/groups.ts";
import { chosenRuns } from "../results/storedRuns.ts";
import { headings } from "./headings.ts";
import { type Command, line, listOf, note } from "./terminal/command.ts";
import { choiceOptions, runChoice } from "./terminal/runChoice.ts";

export const chart: Command = {
  ...headings.chart,
  options: {
    ...choiceOptions,
    out: { describe: "file to write; its ending says how: .pdf, .svg, .png or .vl.json (Vega-Lite)", type: "string" },
    theme: {
      describe: "colours for light or for dark paper",
      type: "string",
      choices: ["light", "dark"],
      default: "light",
    },
    plugin: { describe: "also know the datasets, protocols and metrics of this module", type: "string", list: true },
  },
  examples: [
    ["bench chart", "the figures that the newest runs have"],
    ["bench chart accuracy-latency --out figure.pdf", "that of the first prompts, with the names beside their marks"],
    ["bench chart accuracy-latency-3p --out figure.vl.json", "to be changed in the Vega editor"],
  ],
  async run(args, console) {
    const runs = await chosenRuns(runChoice(args), (text) => note(console, text));
    const plugins = listOf(args, "plugin");
    const groups = groupsOf(await readDetails(runs, { book: await loadBook(plugins), plugins }));
    if (groups.length > 1)
      throw new HarnessError("bench chart: the runs are on several data sets, and a figure is about one", {
        found: groups.map(([first]) => first!.report.dataset),
        hint: "name the runs behind the figure, as bench list runs has them",
      });
    // Vega takes a second to load.
    const { chartSections } = await import("../report/charts/index.ts");
    const charts = chartSections.flatMap((section) => section.charts(groups[0] ?? []));
    if (args.figure === undefined) {
      for (const { id, title } of charts) line(console, `${id.padEnd(24)}  ${title}`);
      return 0;
    }
    const figure = figureOf(charts, args.figure as string);
    // Dates of manifests are ISO 8601 in UTC, so the last in the order of letters is the newest.
    const newest = runs
      .map(({ manifest }) => manifest.createdAt)
      .sort()
      .at(-1)!;
    await write(figure, args.out as string | undefined, { theme: args.theme as Theme, date: new Date(newest) });
    note(console, `${args.out}: written`);
    return 0;
  },
};

/** Returns the figure of an id; the beginning of ids, such as `accuracy-latency`, stands for the first of them. */
function figureOf(charts: readonly Chart[], id: string): Chart {
  const found = charts.find((each) => each.id === id) ?? charts.find((each) => each.id.startsWith(`${id}-`));
  if (found !== undefined) return found;
  throw unknown(
    "figure",
    id,
    charts.map((each) => each.id),
  );
}

async function write(
  chart: Chart,
  out: string | undefined,
  how: { readonly theme: Theme; readonly date: Date },
): Promise<void> {
  if (out === undefined)
    throw new HarnessError("--out: is missing", { hint: `bench chart ${chart.id} --out ${chart.id}.pdf` });
  const { figureFile } = await import("../report/charts/drawing/files.ts");
  const content = await figureFile(chart, { file: out, ...how });
  await writeFile(out, content).catch((cause: NodeJS.ErrnoException) => {
    throw new HarnessError(`${out}: can not be written`, { found: cause.code, hint: "does its folder exist?", cause });
  });
}
