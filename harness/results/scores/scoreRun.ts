import type { DetectionErrors, ImageId, Metric, MetricContext, PredictionRow, ReliabilityBin } from "../../api.ts";
import { readAnnotations } from "../../coco/index.ts";
import { HarnessError } from "../../errors.ts";
import { cocoSizes, contextOf, figuresOf } from "../../metrics/index.ts";
import { ownBook, type ScoreBook } from "../../protocols/index.ts";
import { rowName } from "../../store/rowName.ts";
import type { Manifest } from "../../store/schema.ts";
import { chosenMetrics, protocolOfRun } from "../knownProtocol.ts";
import { requireKnownTargets } from "../knownTargets.ts";
import { byPrompts, readRunRows } from "../rows.ts";
import { datasetOfRun } from "../runDataset.ts";
import { findRun } from "../storedRuns.ts";
import type { FileFigure } from "./fileFigure.ts";
import { errorsOf, slicesOf } from "./runSlices.ts";
import type { SliceFigure } from "./slices.ts";

export interface RunScoreOptions {
  readonly run: string;
  readonly results: string;
  /** Annotations to score against: an annotation file, or the dataset in the folder `data`. */
  readonly annotations?: string;
  readonly data?: string;
  /** Ids of metrics; all metrics without it. */
  readonly metrics?: readonly string[];
  /** Rules of average precision; those of the dataset's own lists without it. */
  readonly rules?: "coco" | "lvis";
  /** Adds average precision by category. */
  readonly categories?: "listed";
  /** Leaves the intervals out. */
  readonly intervals?: "none";
  /** Parts what is lost by kinds of error, and headline figures by slices. */
  readonly errors?: "parted";
  /** Protocols and metrics that are known; the project's own without it. */
  readonly book?: ScoreBook;
  /** Modules that may bring the run's dataset. */
  readonly plugins?: readonly string[];
}

/** Average precision of one category that has annotations. */
export interface CategoryScore {
  readonly id: number;
  readonly name: string;
  readonly value?: number;
  readonly n: number;
}

/** Scores of a stored run, as `bench score RUN --json` prints them. What has no data is left out. */
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
        /** Bins of predicted against measured IoU that the calibration error is made of. */
        readonly reliability?: readonly ReliabilityBin[];
        /** Average precision by category, where it is asked for. */
        readonly categories?: readonly CategoryScore[];
        /** Errors by kind, where masks are ranked, and headline figures by slices; absent where they are not asked for. */
        readonly errors?: DetectionErrors;
        readonly slices?: readonly SliceFigure[];
      }
    >
  >;
  readonly warnings: readonly string[];
}

type Truth = Required<MetricContext>["dataset"];

/** Scores the stored masks of a run; no model is run. */
export async function scoreRun(options: RunScoreOptions): Promise<RunScore> {
  const { book = ownBook } = options;
  const chosen = withRules(chosenMetrics(options.metrics, book), options);
  const run = await findRun(options.run, options.results);
  const { manifest } = run;
  const { images, failures, rows: all } = await readRunRows(run, { hold: "masks" });
  const dataset = await truthOf(manifest, images, options);
  // Another file of annotations may number them otherwise.
  if (dataset !== undefined && options.annotations === undefined) requireKnownTargets(run, all, dataset);
  const context = { images, sizes: cocoSizes, dataset };
  const rowsOf = byPrompts(all);
  const prompts = Object.entries(manifest.protocols).map(([name, protocol]) => {
    const rows = rowsOf.get(name) ?? [];
    const { intervals } = options;
    const scored = { ...context, rows, protocol: contextOf(protocolOfRun(manifest, protocol, book)) };
    const figures = chosen.flatMap((metric) => figuresOf(metric, scored, { seed: manifest.seed, intervals }));
    const reliability = reliabilityOf(chosen, figures, rows);
    const categories =
      options.categories === undefined ? undefined : byCategory(withRules(book.metrics, options), rows, context);
    const byId = Object.fromEntries(figures.map(({ id, ...figure }) => [id, figure]));
    const parted =
      options.errors === undefined
        ? {}
        : {
            errors: errorsOf(chosen, scored),
            slices: slicesOf(chosen, scored, { figures: byId, seed: manifest.seed, intervals }),
          };
    return [name, { protocol, figures: byId, reliability, categories, ...parted }] as const;
  });
  return {
    run: run.id,
    variant: rowName(manifest),
    dataset: manifest.dataset.id,
    images: images.length,
    prompts: Object.fromEntries(prompts),
    warnings: [
      ...(failures.size === 0
        ? []
        : [`${failures.size} of ${images.length + failures.size} images failed and are in no figure`]),
      ...(dataset === undefined ? unscored(chosen) : []),
    ],
  };
}

/** Returns a warning that names the metrics which rows alone can not give. */
function unscored(chosen: readonly Metric[]): readonly string[] {
  const titles = chosen.filter(({ needs }) => needs === "annotations").map(({ title }) => title);
  if (titles.length === 0) return [];
  const [last, ...others] = titles.toReversed() as [string, ...string[]];
  const named = others.length === 0 ? `${last} needs` : `${others.toReversed().join(", ")} and ${last} need`;
  return [`only stored IoUs are averaged: ${named} --data or --annotations`];
}

/** Returns the metrics by the rules that are asked for. Throws HarnessError where no chosen metric has rules. */
function withRules(chosen: readonly Metric[], { rules, categories }: RunScoreOptions): readonly Metric[] {
  if (rules === undefined) return chosen;
  if (categories === undefined && !chosen.some(({ byRules }) => byRules !== undefined))
    throw new HarnessError("--rules: bears on average precision alone", {
      found: `--metric ${chosen.map(({ id }) => id).join(", ")}`,
      hint: "add --metric ap, or leave --rules out",
    });
  return chosen.map((metric) => metric.byRules?.(rules) ?? metric);
}

/** Returns the bins of the calibration error, where it was computed. */
function reliabilityOf(
  chosen: readonly Metric[],
  figures: readonly { readonly id: string }[],
  rows: readonly PredictionRow[],
): readonly ReliabilityBin[] | undefined {
  const metric = chosen.find(
    (each) => each.reliability !== undefined && figures.some(({ id }) => id === each.headline),
  );
  return metric?.reliability?.(rows);
}

function byCategory(
  metrics: readonly Metric[],
  rows: readonly PredictionRow[],
  context: MetricContext,
): readonly CategoryScore[] {
  const names = new Map(context.dataset?.categories.map(({ id, name }) => [id, name]));
  const found = metrics.flatMap((metric) => metric.byCategory?.(rows, context) ?? []);
  return found.map(({ category, ...figure }) => {
    return { id: category, name: names.get(category)!, ...figure };
  });
}

interface TruthOptions {
  readonly annotations?: string | undefined;
  readonly data?: string | undefined;
  /** Modules that may bring the run's dataset. */
  readonly plugins?: readonly string[];
}

/**
 * Returns what a run is scored against; nothing where its dataset lies in a folder that was not given. Throws HarnessError
 * for another dataset.
 */
export async function truthOf(
  manifest: Manifest,
  images: readonly ImageId[],
  { annotations, data, plugins = [] }: TruthOptions,
): Promise<Truth | undefined> {
  if (annotations !== undefined) return readTruth(annotations, images);
  return datasetOfRun(manifest, images, { plugins, data });
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
