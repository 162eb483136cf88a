import { resolve } from "node:path";
import { drawnDataset, pickOptions } from "../plan/options.ts";
import { resolvePlan } from "../plan/plan.ts";
import { refuseUnusedFiles } from "../plan/unusedFlags.ts";
import { search as searchFor } from "../search/search.ts";
import { searchDefaults, searchSettings } from "../search/settings.ts";
import { headings } from "./headings.ts";
import { type Command, line, note } from "./terminal/command.ts";
import { exitCodes } from "./terminal/exitCodes.ts";
import { interruptible } from "./terminal/interrupt.ts";
import { observeSearch } from "./terminal/observe.ts";
import { flagsOf, weightsUnused } from "./terminal/planFlags.ts";
import { searchPicture, searchText } from "./text/search.ts";

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

export const search: Command = {
  ...headings.search,
  options: {
    from: { describe: "the variant that the method changes", type: "string", default: "sam-nano" },
    ...pickOptions(shared),
    dataset: { describe: "shapes (drawn), coco, lvis or folder", type: "string", default: drawnDataset },
    prompts: { describe: "what fitness is measured with", type: "string", default: "box" },
    latency: { describe: "upper bound of the encode time, over the whole encoder's", type: "number", default: 0.75 },
    "latency-from": { describe: "lower bound; 0.1 below the upper one if left out", type: "number" },
    population: {
      describe: `configurations of a generation; ${searchDefaults.population} if left out`,
      type: "number",
    },
    generations: {
      describe: `after the first, which is drawn; ${searchDefaults.generations} if left out`,
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
    const given = {
      latency: args.latency as number,
      latencyFrom: args["latency-from"] as number | undefined,
      population: args.population as number | undefined,
      generations: args.generations as number | undefined,
      images: args.images as number | undefined,
      exhaustive: args.exhaustive === true,
    };
    const settings = searchSettings(given, plan.dataset.images.length);
    const observer = observeSearch(console);
    return interruptible(observer, async (signal) => {
      const results = resolve(args.results as string);
      const method = args.method as string;
      const outcome = await searchFor({ method, plan, settings, results, observer, signal });
      observer.finish();
      if (outcome === undefined) {
        note(console, "stopped before the end; the same command goes on from here");
        return exitCodes.interrupted.code;
      }
      // Vega takes a second to load.
      const { writeSearchChart } = await import("../report/charts/drawing/files.ts");
      const chart = await writeSearchChart(outcome.folder, searchPicture(outcome, settings));
      line(console, args.json ? JSON.stringify({ ...outcome, chart }) : searchText(outcome, chart));
      return 0;
    });
  },
};
