import type { Metric, PredictionRow, Protocol } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { cocoSizes, contextOf, figuresById } from "../metrics/index.ts";
import { metricsOf, ownBook, type ScoreBook } from "../protocols/index.ts";
import { isEarlier, type Manifest } from "../store/schema.ts";
import type { StoredRun } from "../store/store.ts";
import { requireKnownTargets } from "./knownTargets.ts";
import { byPrompts, type RunRows, readRunRows } from "./rows.ts";
import { datasetOfRun } from "./runDataset.ts";
import { type FigureRecord, metricCode } from "./scores.ts";

export interface ReportOptions {
  /** The project's own without it. */
  readonly book?: ScoreBook;
  /** Modules that may bring the run's dataset. */
  readonly plugins?: readonly string[];
}

/** What a run's rows and stored scores say, metric by metric. */
export interface Accuracy {
  /** By prompts name. */
  readonly prompts: Readonly<Record<string, { readonly protocol: string; readonly figures: FigureRecord }>>;
  /** By a metric's title, why it has no figures. */
  readonly absent: Readonly<Record<string, string>>;
  /** Whole sentences: protocols and metrics of the run that are not known here. */
  readonly unknown: readonly string[];
}

/**
 * Computes what needs rows alone, and takes the rest from the manifest while the metric's code is what computed it. Where it
 * is not, the run is scored again if its dataset is at hand; else the figure is absent with the reason.
 */
export async function accuracyOf(
  run: StoredRun,
  read: RunRows,
  { book = ownBook, plugins = [] }: ReportOptions,
): Promise<Accuracy> {
  const { manifest } = run;
  const again = rescoring(run, plugins);
  const absent: Record<string, string> = {};
  const unknown = unknownMetrics(manifest, book);
  const rowsOf = byPrompts(read.rows);
  const prompts: Record<string, { protocol: string; figures: FigureRecord }> = {};
  for (const [name, id] of Object.entries(manifest.protocols)) {
    const protocol = book.protocols.find((each) => each.id === id);
    if (protocol === undefined) unknown.push(unknownProtocol(name, id));
    const metrics = protocol === undefined ? [] : metricsOf(book, protocol);
    const rows = rowsOf.get(name) ?? [];
    let figures: FigureRecord = {};
    for (const metric of metrics.filter(({ needs }) => needs === "rows")) {
      const own = readsMasks(metric) ? await again.rows(name) : rows;
      const context = { rows: own, images: read.images, sizes: cocoSizes, protocol: contextOf(protocol!) };
      figures = { ...figures, ...figuresById(metric, context, { seed: manifest.seed }) };
    }
    for (const metric of isScored(manifest) ? metrics.filter(({ needs }) => needs === "annotations") : []) {
      const found = storedFigures(manifest, name, metric) ?? (await again.figures(metric, name, protocol!));
      if (typeof found === "string") absent[metric.title] = found;
      else figures = { ...figures, ...found };
    }
    prompts[name] = { protocol: id, figures };
  }
  return { prompts, absent, unknown };
}

/** Whether figures of all its rows can be told: not of a run that goes on, of a part of one, or of one whose rows an earlier version made. */
function isScored(manifest: Manifest): boolean {
  const { status, shard } = manifest;
  return status.state === "done" && status.only !== "latency" && shard === undefined && !isEarlier(manifest);
}

function readsMasks({ reads }: Metric): boolean {
  return reads.includes("mask");
}

/** Nothing where they were not computed, or by other code. */
function storedFigures({ scores, scored }: Manifest, name: string, metric: Metric): FigureRecord | undefined {
  const own = scored?.metrics?.[metric.id];
  if (own === undefined || own.code !== metricCode(metric)) return undefined;
  const figures = Object.entries(scores?.[name] ?? {}).filter(([id]) => own.figures.includes(id));
  return Object.fromEntries(figures);
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined;
  return () => {
    begun ??= read();
    return begun;
  };
}

/** Rows with their masks and the dataset, each read once, and only where it is needed. */
function rescoring(run: StoredRun, plugins: readonly string[]) {
  const { manifest } = run;
  const read = once(async () => {
    const { images, rows } = await readRunRows(run, { hold: "masks" });
    return { images, rowsOf: byPrompts(rows) };
  });
  const open = once(async () => datasetOfRun(manifest, (await read()).images, { plugins }));
  const rows = async (name: string): Promise<readonly PredictionRow[]> => (await read()).rowsOf.get(name) ?? [];
  return {
    rows,
    /** The reason where they can not be had. */
    async figures(metric: Metric, name: string, protocol: Protocol): Promise<FigureRecord | string> {
      const { images } = await read();
      try {
        const truth = await open();
        if (truth === undefined)
          return `${whyNot(manifest, metric)}; bench score ${manifest.id} --data DIR computes it`;
        requireKnownTargets(run, await rows(name), truth);
        const context = {
          rows: await rows(name),
          images,
          sizes: cocoSizes,
          dataset: truth,
          protocol: contextOf(protocol),
        };
        return figuresById(metric, context, { seed: manifest.seed });
      } catch (error) {
        if (error instanceof HarnessError) return `${whyNot(manifest, metric)}, and ${error.message}`;
        throw error;
      }
    },
  };
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
