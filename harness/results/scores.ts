import type { Metric, MetricContext } from "../api.ts";
import { cocoSizes, contextOf, figuresOf, metricOfFigures, miou } from "../metrics/index.ts";
import { protocolOf } from "../protocols/index.ts";
import { scoresHash } from "../store/damage.ts";
import type { Manifest } from "../store/schema.ts";
import type { Sealed, StoredRun } from "../store/store.ts";
import { byPrompts, readRunRows } from "./rows.ts";

type Scores = NonNullable<Manifest["scores"]>;

/** Nothing for mean IoU, which the rows hold. */
function scoredMetric(protocol: string): Metric | undefined {
  const metric = metricOfFigures[protocolOf(protocol).figures];
  return metric === miou ? undefined : metric;
}

/** What is scored against, and how; a plan has all of it. */
export interface Scoring {
  readonly prompts: readonly { readonly prompts: string; readonly protocol: { readonly id: string } }[];
  readonly dataset: Required<MetricContext>["dataset"];
  readonly seed: number;
}

/** Whether such figures belong to one of these protocols. */
export function needsAnnotations(protocols: readonly string[]): boolean {
  return protocols.some((id) => scoredMetric(id) !== undefined);
}

/**
 * Figures that need the annotations beside the rows, computed while the dataset is open and kept with the run, so that a
 * table is printed again without it. Nothing for protocols of mean IoU.
 */
export async function scoresOf(run: StoredRun, plan: Scoring): Promise<Scores> {
  const scored = plan.prompts.flatMap(({ prompts, protocol }) => {
    const metric = scoredMetric(protocol.id);
    return metric === undefined ? [] : [{ prompts, metric, protocol: contextOf(protocolOf(protocol.id)) }];
  });
  if (scored.length === 0) return {};
  const names = new Set(scored.map(({ prompts }) => prompts));
  const { images, rows } = await readRunRows(run, { hold: "masks", prompts: names });
  const rowsOf = byPrompts(rows);
  const context = { images, sizes: cocoSizes, dataset: plan.dataset };
  return Object.fromEntries(
    scored.map(({ prompts, metric, protocol }) => {
      const own = rowsOf.get(prompts) ?? [];
      const figures = figuresOf(metric, { rows: own, protocol, ...context }, { seed: plan.seed });
      return [prompts, Object.fromEntries(figures.map(({ id, ...score }) => [id, score]))];
    }),
  );
}

/** Binds the scores to the run's rows, as they were sealed, and to the code that computed them. */
export function scoresRecord(
  scores: Scores,
  { rowsSha256 }: Sealed,
  sources: string,
): Pick<Manifest, "scores" | "scored"> {
  if (Object.keys(scores).length === 0 || rowsSha256 === undefined) return {};
  return { scores, scored: { sources, sha256: scoresHash({ scores, sources, rowsSha256 }) } };
}
