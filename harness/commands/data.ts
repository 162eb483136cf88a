import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Annotation, Dataset, ImageId } from "../api.ts";
import { type Instances, writeInstances } from "../coco/write/write.ts";
import { HarnessError, unknown } from "../errors.ts";
import { encodeJpeg } from "../image/index.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { onDisk } from "../store/disk/disk.ts";
import { type Command, line } from "./terminal/command.ts";
import { createProgress, type Progress } from "./terminal/progress.ts";

const defaults = { quality: 95, count: 24 };

export const data: Command = {
  name: "data",
  describe: "Write a dataset out as JPEG photos with COCO and LVIS annotations",
  arguments: [{ name: "dataset", describe: "shapes, or a drawn dataset of --plugin" }],
  options: {
    out: { describe: "folder to write into", type: "string" },
    count: { describe: "how many images", type: "number", default: defaults.count },
    seed: { describe: "of the scenes", type: "number", default: 0 },
    plugin: { describe: "also know the datasets of this module", type: "string", list: true },
  },
  examples: [["bench data shapes --out scenes --count 500", "500 drawn scenes, for --dataset coco|lvis --data scenes"]],
  async run(args, console) {
    if (args.out === undefined) throw new HarnessError("--out: a folder is needed", { expected: "--out DIR" });
    const [count, seed] = [wholeNumber("count", 1, args.count), wholeNumber("seed", 0, args.seed)];
    const { datasets } = await loadRegistry(args.plugin as string[] | undefined);
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
      const annotations = await writeDataset(dataset, { out, seed, progress });
      line(console, `${out}: ${dataset.images.length} images, ${annotations} annotations, coco.json and lvis.json`);
    } finally {
      progress.finish();
    }
    return 0;
  },
};

interface Writing {
  readonly out: string;
  readonly seed: number;
  readonly progress: Progress;
}

/**
 * `out`/images/*.jpg with `out`/coco.json and `out`/lvis.json; returns the number of annotations. The annotation files come
 * last, so that a folder that was not finished does not look like one. JPEG pixels differ a little from those the dataset
 * serves; masks are the same. Annotations are kept meanwhile, as drawing a scene again takes longer than writing it.
 */
async function writeDataset(dataset: Dataset, { out, seed, progress }: Writing): Promise<number> {
  if (existsSync(join(out, "coco.json")))
    throw new HarnessError(`${out}: holds a dataset already`, { hint: "give another folder, or delete this one" });
  const photos = join(out, "images");
  await onDisk(photos, () => mkdir(photos, { recursive: true }));
  const kept = new Map<ImageId, readonly Annotation[]>();
  for (const [done, { id, fileName }] of dataset.images.entries()) {
    const bytes = await encodeJpeg(await dataset.read(id), defaults.quality);
    const file = join(photos, fileName);
    await onDisk(file, () => writeFile(file, bytes));
    kept.set(id, dataset.annotationsOf(id));
    progress.update(done + 1, dataset.id);
  }
  const instances: Instances = {
    description: `${dataset.images.length} images of ${dataset.id}, seed ${seed} (sam-bench)`,
    images: dataset.images,
    categories: dataset.categories,
    annotationsOf: (image) => kept.get(image) ?? [],
  };
  for (const format of ["lvis", "coco"] as const) {
    const file = join(out, `${format}.json`);
    await onDisk(file, () => writeInstances(file, instances, format));
  }
  return [...kept.values()].reduce((sum, { length }) => sum + length, 0);
}

function wholeNumber(flag: string, least: number, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw new HarnessError(`--${flag}: must be a whole number`, { found: String(value), expected: `at least ${least}` });
}
