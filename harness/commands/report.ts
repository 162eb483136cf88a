import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Dataset } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { loadBook } from "../plan/plugins/book.ts";
import { type DetailedRun, detailsOf, labelled } from "../report/html/details.ts";
import { galleryOf } from "../report/html/galleryPhotos.ts";
import { byDataset } from "../report/table/tables.ts";
import { requireKnownTargets } from "../results/knownTargets.ts";
import { datasetOfRun } from "../results/runDataset.ts";
import { chosenRuns } from "../results/storedRuns.ts";
import type { StoredRun } from "../store/store.ts";
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
    const details: (DetailedRun & { readonly stored: StoredRun })[] = [];
    // One after the other: rows of one run in memory at a time, and of those what is drawn.
    for (const stored of runs) details.push({ ...(await detailsOf(stored, options)), stored, label: "" });
    const groups = groupsOf(details);
    const drawn: { runs: readonly DetailedRun[]; gallery: Awaited<ReturnType<typeof galleryOf>> }[] = [];
    for (const group of groups) {
      const dataset = showsMasks(group, count) ? await datasetFor(group, args, console) : undefined;
      const sound = withoutDamaged(group, dataset, console);
      if (sound.length > 0) drawn.push({ runs: sound, gallery: await galleryFor(sound, dataset, args, console) });
    }
    const { reportPage } = await import("../report/html.ts");
    const page = reportPage({ createdAt: new Date().toISOString(), groups: drawn });
    const out = resolve(args.out as string);
    await mkdir(out, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
      throw new HarnessError(`${out}: can not be made`, { found: cause.code, cause });
    });
    const file = join(out, "index.html");
    await writeFile(file, page.page);
    await writeCharts(out, page, console);
    const megabytes = (Buffer.byteLength(page.page) / 1e6).toFixed(1);
    line(
      console,
      `${file}: ${drawn.flatMap((each) => each.runs).length} runs, ${page.charts.length} charts, ${megabytes} MB`,
    );
    return 0;
  },
};

type StoredDetails = DetailedRun & { readonly stored: StoredRun };

/** By dataset, as tables are; labels tell runs of one group apart. */
function groupsOf(details: readonly StoredDetails[]): readonly (readonly StoredDetails[])[] {
  const byReport = new Map(details.map((each) => [each.report, each]));
  return byDataset(details.map((each) => each.report)).map((reports) =>
    labelled(reports.map((each) => byReport.get(each)!)),
  );
}

function showsMasks(group: readonly StoredDetails[], count: number): boolean {
  return count > 0 && group.some(({ rows }) => rows.length > 0);
}

/** Without runs whose rows are of targets that the data set does not have, each of which is named. */
function withoutDamaged(
  group: readonly StoredDetails[],
  dataset: Dataset | undefined,
  console: Console,
): readonly StoredDetails[] {
  if (dataset === undefined) return group;
  return group.filter(({ stored, rows }) => {
    try {
      requireKnownTargets(stored, rows, dataset);
      return true;
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      note(console, `left out: ${error.message}`);
      return false;
    }
  });
}

async function galleryFor(
  group: readonly StoredDetails[],
  dataset: Dataset | undefined,
  args: Arguments,
  console: Console,
) {
  const count = args.gallery as number;
  // A filled box shows nothing that its prompt does not.
  const models = group.filter(({ report }) => report.role !== "floor");
  if (!showsMasks(models, count)) return [];
  const progress = createProgress(console, { total: count, unit: "masks" });
  try {
    return await galleryOf(
      models.map((details) => ({ stored: details.stored, details })),
      {
        ...{ count, seed: args.seed as number, photos: args.photos === false ? "left out" : "embedded" },
        ...(dataset === undefined ? {} : { dataset }),
        progress: (done) => progress.update(done, "gallery"),
      },
    );
  } finally {
    progress.finish();
  }
}

/** Nothing, and a word why, where the photos are not at hand: the report is whole without them. */
async function datasetFor(
  group: readonly StoredDetails[],
  args: Arguments,
  console: Console,
): Promise<Dataset | undefined> {
  const { manifest } = group[0]!;
  const images = [...new Set(group.flatMap(({ rows }) => rows.map(({ image }) => image)))];
  const data = args.data as string | undefined;
  try {
    const dataset = await datasetOfRun(manifest, images, {
      plugins: (args.plugin as string[] | undefined) ?? [],
      ...(data === undefined ? {} : { data }),
    });
    if (dataset === undefined)
      note(console, `${manifest.dataset.id}: no photos and no ground truth; --data names their folder`);
    return dataset;
  } catch (error) {
    if (data !== undefined || !(error instanceof HarnessError)) throw error;
    note(console, `no photos and no ground truth: ${error.message}`);
    return undefined;
  }
}

/** Every chart and every table as Vega-Lite, SVG and PNG. */
async function writeCharts(
  out: string,
  { charts, grids }: Pick<ReturnType<typeof import("../report/html.ts").reportPage>, "charts" | "grids">,
  console: Console,
): Promise<void> {
  const [{ chartSvg }, { chartFile }, { gridSpec }, { svgToPng }] = await Promise.all([
    import("../report/charts/vega.ts"),
    import("../report/charts/index.ts"),
    import("../report/table/gridSpec.ts"),
    import("../image/codec.ts"),
  ]);
  const files = [
    ...charts.map((chart) => ({ id: chart.id, spec: chartFile(chart) })),
    ...grids.map((grid) => ({ id: grid.id, spec: gridSpec(grid) })),
  ];
  const progress = createProgress(console, { total: files.length, unit: "charts" });
  for (const [i, { id, spec }] of files.entries()) {
    const svg = await chartSvg(spec);
    await writeFile(join(out, `${id}.vl.json`), `${JSON.stringify(spec, undefined, 1)}\n`);
    await writeFile(join(out, `${id}.svg`), `${svg}\n`);
    await writeFile(join(out, `${id}.png`), await svgToPng(svg, 2));
    progress.update(i + 1, id);
  }
  progress.finish();
}
