import { resolve } from "node:path";
import type { Dataset } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { loadBook } from "../plan/plugins/book.ts";
import { serveCommand } from "../report/html/clickPage.ts";
import {
  datasetOfGroup,
  groupGallery,
  groupSummary,
  groupsOf,
  readDetails,
  type StoredDetails,
  withoutDamaged,
} from "../report/html/groups.ts";
import type { ReportGroup } from "../report/html.ts";
import { chosenSoundRuns, newestRuns, readSound } from "../results/storedRuns.ts";
import { pagePort } from "../serve/port.ts";
import { headings } from "./headings.ts";
import { type Arguments, type Command, type Console, line, listOf, note } from "./terminal/command.ts";
import { createProgress } from "./terminal/progress.ts";
import { choiceOptions, runChoice } from "./terminal/runChoice.ts";

const defaults = {
  out: "report",
  gallery: 24,
  /** The summary compares with the seed of `bench compare`. */
  compareSeed: 0,
  /** Runs of a page where neither ids nor --all say which: a chart of more can not be read, and all of each is in it. */
  runs: 50,
};

export const report: Command = {
  ...headings.report,
  options: {
    ...choiceOptions,
    out: { describe: "folder for index.html and the charts' files", type: "string", default: defaults.out },
    gallery: { describe: "targets in the mask viewer; 0 for none", type: "number", default: defaults.gallery },
    photos: { describe: "embed photos; --no-photos leaves outlines alone", type: "boolean", default: true },
    data: { describe: "folder with the photos and annotations of a dataset that is not drawn", type: "string" },
    seed: { describe: "of the targets that are drawn at random", type: "number", default: 0 },
    plugin: { describe: "also know the datasets, protocols and metrics of this module", type: "string", list: true },
  },
  unused: [{ when: "--gallery is 0", holds: ({ gallery }) => gallery === 0, options: ["seed"] }],
  examples: [
    ["bench report --out report", "the newest run of each variant, of at most 50; open report/index.html"],
    ["bench report sam-nano-0a1b2c3d4e5f --data coco --gallery 96", "one run, with more masks"],
    ["bench report --no-photos", "for data that may not be passed on"],
  ],
  async run(args, console) {
    const count = args.gallery as number;
    if (!Number.isSafeInteger(count) || count < 0)
      throw new HarnessError("--gallery: must be a whole number", { found: String(count), expected: "0 or more" });
    const notice = (text: string) => note(console, text);
    const choice = runChoice(args);
    const chosen = await chosenSoundRuns(choice, notice);
    const isNamed = choice.all || choice.names.length > 0;
    const newest = isNamed ? chosen : newestRuns(chosen, defaults.runs);
    if (newest.length < chosen.length)
      notice(`the ${newest.length} newest of ${chosen.length} runs; name others by their ids, or give --all`);
    const runs = await Promise.all(newest.map(readSound));
    const plugins = listOf(args, "plugin");
    const request = { count, data: args.data as string | undefined, plugins };
    const book = await loadBook(plugins);
    const groups = groupsOf(await readDetails(runs, { book, plugins }));
    const drawn: ReportGroup[] = [];
    for (const group of groups) {
      const dataset = await datasetOfGroup(group, request, notice);
      const sound = withoutDamaged(group, dataset, notice);
      if (sound.length === 0) continue;
      const summary = groupSummary(sound, { book, seed: defaults.compareSeed });
      const command = serveCommand(sound.map(({ manifest }) => manifest));
      const clickPage = { address: `http://127.0.0.1:${pagePort}/`, command };
      drawn.push({ runs: sound, summary, clickPage, gallery: await galleryFor(sound, dataset, args, console) });
    }
    await write(drawn, resolve(args.out as string), console);
    return 0;
  },
};

async function write(groups: readonly ReportGroup[], out: string, console: Console): Promise<void> {
  // Vega takes a second to load.
  const [{ reportPage }, { writeReport }] = await Promise.all([
    import("../report/html.ts"),
    import("../report/charts/drawing/files.ts"),
  ]);
  const drawn = reportPage({ createdAt: new Date().toISOString(), groups });
  const progress = createProgress(console, { total: drawn.charts.length + drawn.grids.length, unit: "charts" });
  const file = await writeReport(out, drawn, (done, id) => progress.update(done, id));
  progress.finish();
  const megabytes = (Buffer.byteLength(drawn.page) / 1e6).toFixed(1);
  const runs = groups.reduce((sum, group) => sum + group.runs.length, 0);
  line(console, `${file}: ${runs} runs, ${drawn.charts.length} charts, ${megabytes} MB`);
}

async function galleryFor(
  group: readonly StoredDetails[],
  dataset: Dataset | undefined,
  args: Arguments,
  console: Console,
) {
  const count = args.gallery as number;
  const progress = createProgress(console, { total: count, unit: "targets" });
  try {
    return await groupGallery(group, {
      count,
      seed: args.seed as number,
      photos: args.photos === false ? "left out" : "embedded",
      dataset,
      progress: (done) => progress.update(done, "gallery"),
    });
  } finally {
    progress.finish();
  }
}
