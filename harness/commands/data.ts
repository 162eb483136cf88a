import { resolve } from "node:path";
import { writeDataset } from "../build/writtenDataset.ts";
import { HarnessError, unknown } from "../errors.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { headings } from "./headings.ts";
import { type Command, line, listOf, wholeNumber } from "./terminal/command.ts";
import { createProgress } from "./terminal/progress.ts";

const defaults = { count: 24 };

export const data: Command = {
  ...headings.data,
  options: {
    out: { describe: "folder to write into", type: "string" },
    count: { describe: "how many images", type: "number", default: defaults.count },
    seed: { describe: "of the scenes", type: "number", default: 0 },
    plugin: { describe: "also know the datasets of this module", type: "string", list: true },
  },
  examples: [["bench data shapes --out scenes --count 500", "500 drawn scenes, for --dataset coco|lvis --data scenes"]],
  async run(args, console) {
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
