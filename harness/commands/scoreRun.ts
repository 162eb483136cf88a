import type { ImageId, MetricContext } from "../api.ts";
import { readAnnotations } from "../coco/index.ts";
import { HarnessError, unknown } from "../errors.ts";
import { cocoSizes, figuresOf, metrics, type ReliabilityBin, reliabilityTable } from "../metrics/index.ts";
import { loadRegistry } from "../run/registry.ts";
import type { Manifest } from "../store/schema.ts";
import type { FileFigure } from "./scoreFile.ts";
import { findRun, readRows } from "./storedRows.ts";

export interface RunScoreOptions {
  readonly run: string;
  readonly results: string;
  /** What is scored against: an annotation file, or the dataset in this folder. */
  readonly annotations?: string;
  readonly data?: string;
  /** Ids; all without it. */
  readonly metrics?: readonly string[];
  /** Of the bootstrap; 0 for no intervals. */
  readonly draws: number;
}

/** What `bench score RUN --json` prints: what has no data is left out. */
export interface RunScore {
  readonly run: string;
  readonly variant: string;
  readonly dataset: string;
  readonly images: number;
  readonly prompts: Readonly<
    Record<
      string,
      {
        readonly protocol: string;
        readonly figures: Readonly<Record<string, FileFigure>>;
        /** What the calibration error is made of: predicted against measured IoU, bin by bin. */
        readonly reliability?: readonly ReliabilityBin[];
      }
    >
  >;
  readonly warnings: readonly string[];
}

type Truth = Required<MetricContext>["dataset"];

/** Scores the stored masks of a run; no model is run. */
export async function scoreRun(options: RunScoreOptions): Promise<RunScore> {
  const chosen = metricsOf(options.metrics);
  const run = await findRun(options.run, options.results);
  const { manifest } = run;
  const { images, failures, byPrompts } = await readRows(run);
  const dataset = await truthOf(manifest, images, options);
  const context = { images, sizes: cocoSizes, ...(dataset === undefined ? {} : { dataset }) };
  const prompts = Object.entries(manifest.protocols).map(([name, protocol]) => {
    const rows = byPrompts.get(name) ?? [];
    const bootstrap = { seed: manifest.seed, draws: options.draws };
    const figures = chosen.flatMap((metric) => figuresOf(metric, { ...context, rows }, bootstrap));
    const reliability = figures.some(({ id }) => id === "ece") ? { reliability: reliabilityTable(rows) } : {};
    const byId = Object.fromEntries(figures.map(({ id, ...figure }) => [id, figure]));
    return [name, { protocol, figures: byId, ...reliability }] as const;
  });
  return {
    ...{ run: run.id, variant: manifest.variant.id, dataset: manifest.dataset.id, images: images.length },
    prompts: Object.fromEntries(prompts),
    warnings: [
      ...(failures === 0 ? [] : [`${failures} of ${images.length + failures} images failed and are in no figure`]),
      ...(dataset === undefined && chosen.some(({ id }) => id !== "miou" && id !== "calibration")
        ? ["only stored IoUs are averaged: average precision, recall and boundary IoU need --data or --annotations"]
        : []),
    ],
  };
}

function metricsOf(ids: readonly string[] | undefined): typeof metrics {
  if (ids === undefined) return metrics;
  return ids.map((id) => {
    const metric = metrics.find((each) => each.id === id);
    if (metric === undefined)
      throw unknown(
        "metric",
        id,
        metrics.map((each) => each.id),
      );
    return metric;
  });
}

/** Nothing where the run's dataset lies in a folder that was not given. Throws HarnessError for another dataset. */
export async function truthOf(
  { id, dataset, seed, plan }: Manifest,
  images: readonly ImageId[],
  options: { readonly annotations?: string | undefined; readonly data?: string | undefined },
): Promise<Truth | undefined> {
  if (options.annotations !== undefined) return readTruth(options.annotations, images);
  if (options.data === undefined && dataset.id !== "shapes") return undefined;
  const plugin = (await loadRegistry()).datasets.get(dataset.id);
  if (plugin === undefined) {
    throw new HarnessError(`${id}: its dataset ${dataset.id} is not known here`, { hint: "give --annotations" });
  }
  const planned = (plan.resolved.dataset as { images?: ImageId[] } | undefined)?.images ?? images;
  const data = options.data === undefined ? {} : { data: options.data };
  // A drawn dataset has as many images as are asked for.
  const limit = dataset.id === "shapes" ? { limit: Math.max(...planned) } : {};
  const opened = await plugin.open({ ...data, ...limit, images: planned, seed });
  // Behind the first word stands what was prompted in place of the dataset's own targets.
  if (opened.fingerprint !== dataset.fingerprint.split(" ")[0]) {
    throw new HarnessError(`${options.data ?? dataset.id}: not the dataset that ${id} was run on`, {
      hint: "its annotations or their file have changed since; --annotations scores against any file",
    });
  }
  return opened;
}

async function readTruth(file: string, images: readonly ImageId[]): Promise<Truth> {
  const wanted = new Set(images);
  const truth = await readAnnotations(file, { select: (all) => all.filter(({ id }) => wanted.has(id)) });
  if (truth.images.length < wanted.size) {
    throw new HarnessError(`${file}: annotations of another dataset`, {
      found: `${truth.images.length} of the run's ${wanted.size} images`,
      hint: "give the annotations that the run was made on",
    });
  }
  return truth;
}
