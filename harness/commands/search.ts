import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { HarnessError } from "../errors.ts";
import { drawnDataset, pickOptions } from "../plan/options.ts";
import { resolvePlan } from "../plan/plan.ts";
import { refuseUnusedFiles } from "../plan/unusedFlags.ts";
import type { Candidate, SearchOutcome } from "../search/check.ts";
import type { SearchObserver, SearchSettings } from "../search/request.ts";
import { search as searchFor } from "../search/search.ts";
import { type Arguments, type Command, type Console, line, note } from "./terminal/command.ts";
import { interrupted, interruptible } from "./terminal/interrupt.ts";
import { flagsOf, weightsUnused } from "./terminal/planFlags.ts";
import { createProgress, type Progress } from "./terminal/progress.ts";
import { plainTable } from "./text/plainTable.ts";

const units = { parts: "turns", configurations: "configurations", check: "checks" } as const;
const shared = [
  "weights",
  "checkpoint",
  "dataset",
  "data",
  "prompts",
  "limit",
  "seed",
  "threads",
  "provider",
  "plugin",
] as const;

const defaults = { population: 100, generations: 8 };

export const search: Command = {
  name: "search",
  describe: "Search the best setting of a method within a latency bound, by mean IoU on some images",
  arguments: [{ name: "method", describe: "sparsevit, or another that has settings to search" }],
  options: {
    from: { describe: "the variant that the method changes", type: "string", default: "sam-nano" },
    ...pickOptions(shared),
    dataset: { describe: "shapes (drawn), coco, lvis or folder", type: "string", default: drawnDataset },
    prompts: { describe: "what fitness is measured with", type: "string", default: "box" },
    latency: { describe: "upper bound of the encode time, over the whole encoder's", type: "number", default: 0.75 },
    "latency-from": { describe: "lower bound; 0.1 below the upper one if left out", type: "number" },
    population: { describe: `configurations of a generation; ${defaults.population} if left out`, type: "number" },
    generations: {
      describe: `after the first, which is drawn; ${defaults.generations} if left out`,
      type: "number",
    },
    images: { describe: "images that the search sees; the others check it. Half if left out", type: "number" },
    exhaustive: { describe: "try every configuration within the bounds", type: "boolean" },
    results: { describe: "folder that searches are kept in", type: "string", default: "results" },
    json: { describe: "print one JSON object", type: "boolean" },
  },
  unused: [
    weightsUnused,
    {
      when: "--exhaustive is given",
      holds: ({ exhaustive }) => exhaustive === true,
      options: ["population", "generations"],
    },
  ],
  examples: [
    ["bench search sparsevit --from sam-nano --latency 0.75", "on drawn scenes, half of them held out"],
    [
      "bench search sparsevit --from sam-vit-b --checkpoint sam-vit-b=FILE --dataset coco --data COCO --limit 100 --images 50",
      "a checkpoint on COCO; bench run --preset then measures what was found",
    ],
  ],
  async run(args, console) {
    // No settings: they are what is searched, and this command's own argument has the name of one.
    const { variants: _, settings: __, ...flags } = await flagsOf(args);
    const plan = await resolvePlan({ ...flags, variants: args.from as string, purpose: "search" });
    refuseUnusedFiles(plan, flags);
    const settings = settingsOf(args, plan.dataset.images.length);
    const observer = observe(console);
    return interruptible(observer, async (signal) => {
      const results = resolve(args.results as string);
      const method = args.method as string;
      const outcome = await searchFor({ method, plan, settings, results, observer, signal });
      observer.finish();
      if (outcome === undefined) {
        note(console, "stopped before the end; the same command goes on from here");
        return interrupted;
      }
      const chart = await writeChart(outcome, settings);
      if (args.json) line(console, JSON.stringify({ ...outcome, chart }));
      else print(outcome, chart, console);
      return 0;
    });
  },
};

function settingsOf(args: Arguments, images: number): SearchSettings {
  const to = args.latency as number;
  const from = (args["latency-from"] as number | undefined) ?? Math.max(0, to - 0.1);
  if (!(to > 0 && from >= 0 && from < to))
    throw new HarnessError("--latency: the bounds are no range", {
      found: `${from} to ${to}`,
      expected: "0 <= from < to",
    });
  const whole = (flag: string, value: number, least: number) => {
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new HarnessError(`--${flag}: must be a whole number`, { found: value, expected: `at least ${least}` });
  };
  if (images < 2)
    throw new HarnessError("search: at least two images are needed, one to search on and one to check", {
      found: images,
    });
  return {
    latency: { from, to },
    population: whole("population", (args.population as number | undefined) ?? defaults.population, 2),
    generations: whole("generations", (args.generations as number | undefined) ?? defaults.generations, 0),
    images: whole("images", (args.images as number | undefined) ?? Math.ceil(images / 2), 1),
    exhaustive: args.exhaustive === true,
  };
}

/** As Vega-Lite, and drawn. */
async function writeChart(outcome: SearchOutcome, { latency }: SearchSettings): Promise<string> {
  const { folder, winner, uniform, whole, points, looked } = outcome;
  // Vega takes a second to load.
  const [{ chartSvg }, { searchChart }] = await Promise.all([
    import("../report/charts/vega.ts"),
    import("../report/charts/search.ts"),
  ]);
  const named = [
    { name: "winner", candidate: winner },
    { name: "uniform", candidate: uniform },
    { name: "whole", candidate: whole },
  ].map(({ name, candidate: { id, latency: at, seen } }) => ({ name, id, latency: at, fitness: seen.value }));
  const spec = searchChart({
    title: `Settings of ${winner.id.slice(0, winner.id.lastIndexOf("/"))}`,
    subtitle: `${looked} configurations from ${latency.from.toFixed(2)} to ${latency.to} of the encode time; ${winner.seen.n} instances`,
    ...{ points, named },
  });
  const file = join(folder, "pareto.vl.json");
  await writeFile(file, `${JSON.stringify(spec, undefined, 1)}\n`);
  await writeFile(join(folder, "pareto.svg"), await chartSvg(spec));
  return file;
}

function print({ winner, uniform, whole, gain, looked, preset }: SearchOutcome, chart: string, console: Console): void {
  const percent = (value: number) => (100 * value).toFixed(2);
  const row = (name: string, { values, latency, measured, seen, unseen }: Candidate) => [
    ...[name, values.join(" "), latency.toFixed(3), measured.toFixed(3), percent(seen.value)],
    unseen === undefined ? "" : `${percent(unseen.value)} (n ${unseen.n})`,
  ];
  const head = ["", "ratios", "latency by parts", "measured", `mIoU % seen (n ${winner.seen.n})`, "mIoU % unseen"];
  line(console, plainTable(head, [row("winner", winner), row("uniform", uniform), row("whole", whole)]));
  line(console, "");
  line(console, `best of ${looked} configurations; latencies are over the whole encoder's`);
  if (gain !== undefined) {
    const interval = gain.low === undefined ? "" : `, 95 % interval ${percent(gain.low)} to ${percent(gain.high!)}`;
    line(console, `winner less uniform on unseen images: ${percent(gain.value)} points of mIoU${interval}`);
  }
  line(console, `preset: ${preset}`);
  line(console, `chart:  ${chart}`);
}

function observe(console: Console): SearchObserver & { finish(): void } {
  let current: { readonly what: string; readonly progress: Progress } | undefined;
  const finish = () => {
    current?.progress.finish();
    current = undefined;
  };
  return {
    note: (text) => (current === undefined ? void note(console, text) : current.progress.note(text)),
    progress(what, done, total, label) {
      if (current?.what !== what) {
        finish();
        current = { what, progress: createProgress(console, { total, unit: units[what], from: done - 1 }) };
      }
      current.progress.update(done, label);
    },
    finish,
  };
}
