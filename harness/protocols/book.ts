import type { Metric, Protocol, ScoredProtocol } from "../api.ts";
import { contextOf } from "../metrics/index.ts";

/** What figures are made by: every protocol and every metric that is known, the project's own and those of plug-ins. */
export interface ScoreBook {
  readonly protocols: readonly Protocol[];
  /** In the order of a table's columns. */
  readonly metrics: readonly Metric[];
}

/** Returns what a protocol's rows are summed up to, in the book's order: the metrics that it lists and those that join it. */
export function metricsOf({ metrics }: ScoreBook, protocol: Protocol): readonly Metric[] {
  const listed = new Set(protocol.metrics.map(({ id }) => id));
  const context = contextOf(protocol);
  return metrics.filter((metric) => listed.has(metric.id) || metric.joins?.(context) === true);
}

/** What two sides by a protocol are judged by. */
export interface Judgement extends ScoredProtocol {
  /** The figure that the verdict is made of: miou, AP, AR@1000, AR@300. */
  readonly headline: string;
}

/** Returns the protocol's own headline, else that of its first metric. */
export function judgementOf(protocol: Protocol): Judgement {
  const { id, ranksMasks } = contextOf(protocol);
  return { id, ranksMasks, headline: protocol.headline ?? protocol.metrics[0].headline };
}
