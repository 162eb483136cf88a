import type { ImageId, MetricContext, PredictionRow } from "../api.ts";
import { readAnnotations } from "../coco/index.ts";
import { HarnessError, unknown } from "../errors.ts";
import {
  averagePrecision,
  categoryPrecisions,
  cocoSizes,
  contextOf,
  figuresOf,
  metrics,
  type ReliabilityBin,
  reliabilityTable,
} from "../metrics/index.ts";
import { protocolOf } from "../protocols/index.ts";
import type { Manifest } from "../store/schema.ts";
import { requireKnownTargets } from "./knownTargets.ts";
import { byPrompts, readRunRows } from "./rows.ts";
import { datasetOfRun } from "./runDataset.ts";
import type { FileFigure } from "./scoreFile.ts";
import { findRun } from "./storedRuns.ts";

export interface RunScoreOptions {
  readonly run: string;
  readonly results: string;
  /** What is scored against: an annotation file, or the dataset in this folder. */
  readonly annotations?: string;
  readonly data?: string;
  /** Ids; all without it. */
  readonly metrics?: readonly string[];
  /** Of average precision; by the dataset's own lists without it. */
  readonly rules?: "coco" | "lvis";
  /** Also average precision by category. */
  readonly categories?: "listed";
  /** Values alone. */
  readonly intervals?: "none";
}

/** Average precision of one category that has annotations. */
export interface CategoryScore {
  readonly id: number;
  readonly name: string;
  readonly value?: number;
  readonly n: number;
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
        /** Where they are asked for. */
        readonly categories?: readonly CategoryScore[];
      }
    >
  >;
  readonly warnings: readonly string[];
}

type Truth = Required<MetricContext>["dataset"];

/** Scores the stored masks of a run; no model is run. */
export async function scoreRun(options: RunScoreOptions): Promise<RunScore> {
  const chosen = withRules(metricsOf(options.metrics), options);
  const run = await findRun(options.run, options.results);
  const { manifest } = run;
  const { images, failures, rows: all } = await readRunRows(run, { hold: "masks" });
  const dataset = await truthOf(manifest, images, options);
  // Another file of annotations may number them otherwise.
  if (dataset !== undefined && options.annotations === undefined) requireKnownTargets(run, all, dataset);
  const context = { images, sizes: cocoSizes, ...(dataset === undefined ? {} : { dataset }) };
  const rowsOf = byPrompts(all);
  const prompts = Object.entries(manifest.protocols).map(([name, protocol]) => {
    const rows = rowsOf.get(name) ?? [];
    const { intervals } = options;
    const figures = chosen.flatMap((metric) =>
      figuresOf(
        metric,
        { ...context, rows, protocol: contextOf(protocolOf(protocol)) },
        { seed: manifest.seed, ...(intervals === undefined ? {} : { intervals }) },
      ),
    );
    const reliability = figures.some(({ id }) => id === "ece") ? { reliability: reliabilityTable(rows) } : {};
    const categories = options.categories === undefined ? {} : { categories: byCategory(rows, context, options) };
    const byId = Object.fromEntries(figures.map(({ id, ...figure }) => [id, figure]));
    return [name, { protocol, figures: byId, ...reliability, ...categories }] as const;
  });
  return {
    ...{ run: run.id, variant: manifest.variant.id, dataset: manifest.dataset.id, images: images.length },
    prompts: Object.fromEntries(prompts),
    warnings: [
      ...(failures.size === 0
        ? []
        : [`${failures.size} of ${images.length + failures.size} images failed and are in no figure`]),
      ...(dataset === undefined && chosen.some(({ id }) => id !== "miou" && id !== "calibration")
        ? ["only stored IoUs are averaged: average precision, recall and boundary IoU need --data or --annotations"]
        : []),
    ],
  };
}

/** The metrics, average precision by the rules that are asked for. Throws HarnessError where no metric is chosen that has rules. */
function withRules(chosen: typeof metrics, { rules, categories }: RunScoreOptions): typeof metrics {
  if (rules !== undefined && categories === undefined && !chosen.some(({ id }) => id === "ap"))
    throw new HarnessError("--rules: bears on average precision alone", {
      found: `--metric ${chosen.map(({ id }) => id).join(", ")}`,
      hint: "add --metric ap, or leave --rules out",
    });
  return chosen.map((metric) => (metric.id === "ap" && rules !== undefined ? averagePrecision(rules) : metric));
}

function byCategory(
  rows: readonly PredictionRow[],
  context: MetricContext,
  { rules }: RunScoreOptions,
): readonly CategoryScore[] {
  const names = new Map(context.dataset?.categories.map(({ id, name }) => [id, name]));
  return categoryPrecisions(rows, context, rules).map(({ category, ...figure }) => {
    return { id: category, name: names.get(category)!, ...figure };
  });
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
  manifest: Manifest,
  images: readonly ImageId[],
  { annotations, data }: { readonly annotations?: string | undefined; readonly data?: string | undefined },
): Promise<Truth | undefined> {
  if (annotations !== undefined) return readTruth(annotations, images);
  return datasetOfRun(manifest, images, data === undefined ? {} : { data });
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
