import { fileURLToPath } from "node:url";
import type { Metric, MetricContext } from "../../api.ts";
import { cocoSizes, contextOf, figuresById } from "../../metrics/index.ts";
import { closureHash } from "../../plan/plugins/importClosure.ts";
import { metricsOf, ownBook, protocolOf, type ScoreBook } from "../../protocols/index.ts";
import { scoresHash } from "../../store/damage.ts";
import type { Manifest } from "../../store/schema.ts";
import type { Sealed, StoredRun } from "../../store/store.ts";
import { protocolOfRun } from "../knownProtocol.ts";
import { byPrompts, readRunRows } from "../rows.ts";

/** Figures by id. */
export type FigureRecord = NonNullable<Manifest["scores"]>[string];

/** Hash of the code that computed a metric's stored figures, and the ids of these figures. */
type ScoredMetric = NonNullable<NonNullable<Manifest["scored"]>["metrics"]>[string];

export interface Scores {
  /** Figures by prompts name. */
  readonly figures: Readonly<Record<string, FigureRecord>>;
  /** Code and figures by metric id. */
  readonly metrics: Readonly<Record<string, ScoredMetric>>;
}

export const noScores: Scores = { figures: {}, metrics: {} };

/** Prompts, dataset and seed of a scoring; a plan has all of them. */
export interface Scoring {
  readonly prompts: readonly { readonly prompts: string; readonly protocol: { readonly id: string } }[];
  readonly dataset: Required<MetricContext>["dataset"];
  readonly seed: number;
  readonly book?: ScoreBook;
}

/** Tells whether one of the run's protocols lists a metric whose figures need the annotations. */
export function needsAnnotations(run: Pick<Manifest, "id" | "protocols">, book: ScoreBook): boolean {
  const protocols = Object.values(run.protocols).map((id) => protocolOfRun(run, id, book));
  return protocols.some(({ metrics }) => metrics.some(({ needs }) => needs === "annotations"));
}

/** Returns the digest of a metric's code and of all that it imports. */
export function metricCode({ module }: Pick<Metric, "module">): string {
  return closureHash(fileURLToPath(module));
}

/**
 * Computes the figures that need the annotations beside the rows. They are computed while the dataset is open and stored
 * with the run, so that a table can be printed again without it. Nothing for protocols whose metrics all need rows alone.
 */
export async function scoresOf(run: StoredRun, { prompts, dataset, seed, book = ownBook }: Scoring): Promise<Scores> {
  const scored = prompts.flatMap(({ prompts: name, protocol: { id } }) => {
    const protocol = protocolOf(id, book);
    const metrics = metricsOf(book, protocol).filter(({ needs }) => needs === "annotations");
    return metrics.length === 0 ? [] : [{ name, metrics, protocol: contextOf(protocol) }];
  });
  if (scored.length === 0) return noScores;
  const names = new Set(scored.map(({ name }) => name));
  const { images, rows } = await readRunRows(run, { hold: "masks", prompts: names });
  const rowsOf = byPrompts(rows);
  const figures: Record<string, FigureRecord> = {};
  const metrics: Record<string, ScoredMetric> = {};
  for (const { name, metrics: own, protocol } of scored) {
    const context = { rows: rowsOf.get(name) ?? [], images, sizes: cocoSizes, dataset, protocol };
    figures[name] = {};
    for (const metric of own) {
      const found = figuresById(metric, context, { seed });
      const known = metrics[metric.id]?.figures ?? [];
      metrics[metric.id] = {
        code: metricCode(metric),
        figures: [...new Set([...known, ...Object.keys(found)])],
      };
      figures[name] = { ...figures[name], ...found };
    }
  }
  return { figures, metrics };
}

/** Binds the scores to the run's rows as they were sealed, and to the code that computed them. */
export function scoresRecord(
  { figures: scores, metrics }: Scores,
  { rowsSha256 }: Sealed,
  sources: string,
): Pick<Manifest, "scores" | "scored"> {
  if (Object.keys(scores).length === 0 || rowsSha256 === undefined) return {};
  return { scores, scored: { sources, metrics, sha256: scoresHash({ scores, sources, metrics, rowsSha256 }) } };
}
