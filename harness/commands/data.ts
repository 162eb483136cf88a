import { resolve } from "node:path";
import { writeDataset } from "../build/writtenDataset.ts";
import { HarnessError, unknown } from "../errors.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { checkData } from "./dataCheck.ts";
import { headings } from "./headings.ts";
import { type Arguments, type Command, line, listOf, wholeNumber } from "./terminal/command.ts";
import { createProgress } from "./terminal/progress.ts";

const defaults = { count: 24 };

export const data: Command = {
  ...headings.data,
  options: {
    out: { describe: "folder to write into", type: "string" },
    count: { describe: "how many images", type: "number", default: defaults.count },
    seed: { describe: "of the scenes", type: "number", default: 0 },
    photos: { describe: "check: --no-photos looks at the annotations alone", type: "boolean", default: true },
    json: { describe: "check: print one JSON array, an object for each annotation file", type: "boolean" },
    plugin: { describe: "also know the datasets of this module", type: "string", list: true },
  },
  unused: [
    { when: "a data set is checked", holds: isCheck, options: ["out", "count", "seed"] },
    { when: "a data set is written", holds: (args) => !isCheck(args), options: ["json"] },
  ],
  examples: [
    ["bench data shapes --out scenes --count 500", "500 drawn scenes, for --dataset coco|lvis --data scenes"],
    ["bench data check COCO", "compare photos and annotations with each other and with the published split"],
    ["bench data check COCO --json > check.json", "the same for a script; the exit code is 1 where there is a fault"],
  ],
  async run(args, console) {
    if (isCheck(args)) return checkData(args, console);
    if (args.data !== undefined)
      throw new HarnessError(`${args.data}: is one word too many`, {
        hint: "bench data check DATA looks a data set through",
      });
    if (args.out === undefined) throw new HarnessError("--out: a folder is needed", { expected: "--out DIR" });
    const count = wholeNumber(args, "count", 1);
    const seed = wholeNumber(args, "seed", 0);
    const { datasets } = await loadRegistry(listOf(args, "plugin"));
    const plugin = datasets.get(args.dataset as string);
    if (plugin === undefined) throw unknown("dataset", args.dataset as string, [...datasets.keys()]);
    if (plugin.own === "shipped")
      throw new HarnessError(`dataset ${plugin.id}: is photo files already, and is not written anew`, {
        hint: "bench data shapes draws scenes",
      });
    const dataset = await plugin.open({ seed, limit: count });
    const out = resolve(args.out as string);
    const progress = createProgress(console, { total: dataset.images.length, unit: "images" });
    try {
      const annotations = await writeDataset(dataset, {
        out,
        seed,
        progress: (done) => progress.update(done, dataset.id),
      });
      line(console, `${out}: ${dataset.images.length} images, ${annotations} annotations, coco.json and lvis.json`);
    } finally {
      progress.finish();
    }
    return 0;
  },
};

function isCheck({ dataset }: Arguments): boolean {
  return dataset === "check";
}
