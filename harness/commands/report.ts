import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Dataset } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { loadBook } from "../plan/plugins/book.ts";
import { detailsOf } from "../report/html/details.ts";
import { groupGallery, groupsOf, type StoredDetails, showsMasks, withoutDamaged } from "../report/html/groups.ts";
import type { ReportGroup } from "../report/html.ts";
import { datasetAtHand } from "../results/runDataset.ts";
import { chosenRuns } from "../results/storedRuns.ts";
import { type Arguments, type Command, type Console, line, note } from "./terminal/command.ts";
import { createProgress } from "./terminal/progress.ts";
import { choiceOptions, runChoice } from "./terminal/runChoice.ts";

const defaults = { out: "report", gallery: 48 };

export const report: Command = {
  name: "report",
  describe: "Write stored runs as one HTML file with table, charts and masks, to be opened and sent around",
  arguments: [{ name: "run", describe: "ids as bench list runs has them", many: true, optional: true }],
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
    ["bench report --out report", "the newest run of each variant; open report/index.html"],
    ["bench report sam-nano-0a1b2c3d4e5f --data coco --gallery 96", "one run, with more masks"],
    ["bench report --no-photos", "for data that may not be passed on"],
  ],
  async run(args, console) {
    const count = args.gallery as number;
    if (!Number.isSafeInteger(count) || count < 0)
      throw new HarnessError("--gallery: must be a whole number", { found: String(count), expected: "0 or more" });
    const runs = await chosenRuns(runChoice(args), (text) => note(console, text));
    const plugins = (args.plugin as readonly string[] | undefined) ?? [];
    const options = { book: await loadBook(plugins), plugins };
    const details: StoredDetails[] = [];
    // One after the other: rows of one run in memory at a time, and of those what is drawn.
    for (const stored of runs) details.push({ ...(await detailsOf(stored, options)), stored, label: "" });
    const groups = groupsOf(details);
    const drawn: ReportGroup[] = [];
    for (const group of groups) {
      const dataset = showsMasks(group, count) ? await datasetFor(group, args, console) : undefined;
      const sound = withoutDamaged(group, dataset, (text) => note(console, text));
      if (sound.length > 0) drawn.push({ runs: sound, gallery: await galleryFor(sound, dataset, args, console) });
    }
    await writeReport(drawn, resolve(args.out as string), console);
    return 0;
  },
};

async function writeReport(groups: readonly ReportGroup[], out: string, console: Console): Promise<void> {
  // Vega takes a second to load.
  const [{ reportPage }, { writeCharts }] = await Promise.all([
    import("../report/html.ts"),
    import("../report/charts/files.ts"),
  ]);
  const page = reportPage({ createdAt: new Date().toISOString(), groups });
  await mkdir(out, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new HarnessError(`${out}: can not be made`, { found: cause.code, cause });
  });
  const file = join(out, "index.html");
  await writeFile(file, page.page);
  const progress = createProgress(console, { total: page.charts.length + page.grids.length, unit: "charts" });
  await writeCharts(out, page, (done, id) => progress.update(done, id));
  progress.finish();
  const megabytes = (Buffer.byteLength(page.page) / 1e6).toFixed(1);
  const runs = groups.reduce((sum, group) => sum + group.runs.length, 0);
  line(console, `${file}: ${runs} runs, ${page.charts.length} charts, ${megabytes} MB`);
}

async function galleryFor(
  group: readonly StoredDetails[],
  dataset: Dataset | undefined,
  args: Arguments,
  console: Console,
) {
  const count = args.gallery as number;
  const progress = createProgress(console, { total: count, unit: "masks" });
  const found = dataset === undefined ? {} : { dataset };
  try {
    return await groupGallery(group, {
      count,
      seed: args.seed as number,
      photos: args.photos === false ? "left out" : "embedded",
      ...found,
      progress: (done) => progress.update(done, "gallery"),
    });
  } finally {
    progress.finish();
  }
}

function datasetFor(group: readonly StoredDetails[], args: Arguments, console: Console): Promise<Dataset | undefined> {
  const images = [...new Set(group.flatMap(({ rows }) => rows.map(({ image }) => image)))];
  const data = args.data === undefined ? {} : { data: args.data as string };
  const request = { plugins: (args.plugin as string[] | undefined) ?? [], ...data };
  return datasetAtHand(group[0]!.manifest, images, request, (text) => note(console, text));
}
