import type { Metric, MetricContext } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { cocoSizes, contextOf, figuresById } from "../metrics/index.ts";
import { metricsOf, ownBook, type ScoreBook } from "../protocols/index.ts";
import { isEarlier, type Manifest } from "../store/schema.ts";
import type { StoredRun } from "../store/store.ts";
import { requireKnownTargets } from "./knownTargets.ts";
import { byPrompts, type RowsOptions, type RunRows } from "./rows.ts";
import { datasetOfRun } from "./runDataset.ts";
import { type FigureRecord, metricCode } from "./scores/scores.ts";

export interface ReportOptions {
  /** Protocols and metrics that are known; the project's own without it. */
  readonly book?: ScoreBook;
  /** Modules that may bring the run's dataset. */
  readonly plugins?: readonly string[];
}

/** Accuracy of a run, metric by metric, from its rows and its stored scores. */
export interface Accuracy {
  /** Protocol and figures by prompts name. */
  readonly prompts: Readonly<Record<string, { readonly protocol: string; readonly figures: FigureRecord }>>;
  /** Reasons why a metric has no figures, by its title. */
  readonly absent: Readonly<Record<string, string>>;
  /** Whole sentences: protocols and metrics of the run that are not known here. */
  readonly unknown: readonly string[];
}

/** Tells what `accuracyOf` needs of each row, so that rows are read once: masks only where a metric is computed from them. */
export function heldForAccuracy(manifest: Manifest, { book = ownBook }: ReportOptions): RowsOptions["hold"] {
  if (manifest.weights.source === "seeded") return "figures";
  const needsMasks = Object.entries(manifest.protocols).some(([name, id]) =>
    metricsByProtocol(id, book).some((metric) =>
      metric.needs === "rows" ? metric.reads.includes("mask") : isScoredAgain(manifest, name, metric),
    ),
  );
  return needsMasks ? "masks" : "figures";
}

/** Tells whether figures of the run are computed from its data set again: they are not stored, or other code computed them. */
export function needsDataset(manifest: Manifest, { book = ownBook }: ReportOptions): boolean {
  if (manifest.weights.source === "seeded") return false;
  return Object.entries(manifest.protocols).some(([name, id]) =>
    metricsByProtocol(id, book).some((metric) => isScoredAgain(manifest, name, metric)),
  );
}

/**
 * Computes what needs rows alone, and takes the rest from the manifest while the metric's code is what computed it. Where that
 * code has changed, the run is scored again if its dataset is at hand; else the figure is absent with the reason. The rows
 * hold what `heldForAccuracy` says.
 */
export async function accuracyOf(
  run: StoredRun,
  { rows: all, images }: RunRows,
  { book = ownBook, plugins = [] }: ReportOptions,
): Promise<Accuracy> {
  const { manifest } = run;
  const { seed } = manifest;
  const dataset = once(() => datasetOfRun(manifest, images, { plugins }));
  const absent: Record<string, string> = {};
  const unknown = unknownMetrics(manifest, book);
  const rowsOf = byPrompts(all);
  const prompts: Record<string, { protocol: string; figures: FigureRecord }> = {};
  for (const [name, id] of Object.entries(manifest.protocols)) {
    const protocol = book.protocols.find((each) => each.id === id);
    if (protocol === undefined) {
      unknown.push(unknownProtocol(name, id));
      prompts[name] = { protocol: id, figures: {} };
      continue;
    }
    const context = { rows: rowsOf.get(name) ?? [], images, sizes: cocoSizes, protocol: contextOf(protocol) };
    const metrics = metricsOf(book, protocol);
    let figures: FigureRecord = {};
    for (const metric of metrics.filter(({ needs }) => needs === "rows"))
      figures = { ...figures, ...figuresById(metric, context, { seed }) };
    for (const metric of isScored(manifest) ? metrics.filter(({ needs }) => needs === "annotations") : []) {
      const found = storedFigures(manifest, name, metric) ?? (await scoredAgain(metric, run, { context, dataset }));
      if (typeof found === "string") absent[metric.title] = found;
      else figures = { ...figures, ...found };
    }
    prompts[name] = { protocol: id, figures };
  }
  return { prompts, absent, unknown };
}

function metricsByProtocol(id: string, book: ScoreBook): readonly Metric[] {
  const protocol = book.protocols.find((each) => each.id === id);
  return protocol === undefined ? [] : metricsOf(book, protocol);
}

/**
 * Tells whether the run's scores are of all its rows. A run that goes on, a part of a run, and a run whose rows an earlier
 * version made have none.
 */
function isScored(manifest: Manifest): boolean {
  const { status, shard } = manifest;
  return status.state === "done" && status.only !== "latency" && shard === undefined && !isEarlier(manifest);
}

/** Returns a metric's stored figures; nothing where they were not computed, or by other code. */
function storedFigures({ scores, scored }: Manifest, name: string, metric: Metric): FigureRecord | undefined {
  const own = scored?.metrics?.[metric.id];
  if (own === undefined || own.code !== metricCode(metric)) return undefined;
  const figures = Object.entries(scores?.[name] ?? {}).filter(([id]) => own.figures.includes(id));
  return Object.fromEntries(figures);
}

function isScoredAgain(manifest: Manifest, name: string, metric: Metric): boolean {
  return metric.needs === "annotations" && isScored(manifest) && storedFigures(manifest, name, metric) === undefined;
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined;
  return () => {
    begun ??= read();
    return begun;
  };
}

interface Rescoring {
  readonly context: MetricContext & { readonly rows: RunRows["rows"] };
  readonly dataset: () => ReturnType<typeof datasetOfRun>;
}

/** Computes a metric's figures from stored masks and the dataset. Returns the reason where the dataset can not be had. */
async function scoredAgain(
  metric: Metric,
  run: StoredRun,
  { context, dataset }: Rescoring,
): Promise<FigureRecord | string> {
  const { manifest } = run;
  try {
    const truth = await dataset();
    if (truth === undefined) return `${whyNot(manifest, metric)}; bench score ${manifest.id} --data DIR computes it`;
    requireKnownTargets(run, context.rows, truth);
    return figuresById(metric, { ...context, dataset: truth }, { seed: manifest.seed });
  } catch (error) {
    if (error instanceof HarnessError) return `${whyNot(manifest, metric)}, and ${error.message}`;
    throw error;
  }
}

function whyNot({ scored }: Manifest, { id }: Metric): string {
  return scored?.metrics?.[id] === undefined
    ? "it was not computed when the run ended"
    : "its code has changed since it was computed";
}

function unknownMetrics({ scored }: Manifest, { metrics }: ScoreBook): string[] {
  return Object.keys(scored?.metrics ?? {})
    .filter((id) => !metrics.some((metric) => metric.id === id))
    .map(
      (id) =>
        `metric ${id}: the run has figures of it, and it is not known here. Name the module that brings it with --plugin.`,
    );
}

function unknownProtocol(prompts: string, id: string): string {
  return `prompts ${prompts}: their protocol ${id} is not known here, so they have no figures. Name the module that brings it with --plugin.`;
}
