import type { Metric, Protocol, ScoredProtocol } from "../api.ts";
import { contextOf, suits } from "../metrics/index.ts";

/** The book holds every known protocol and metric, of the project and of plug-ins. Figures are made by them. */
export interface ScoreBook {
  readonly protocols: readonly Protocol[];
  /** All metrics in the order of a table's columns. */
  readonly metrics: readonly Metric[];
}

/** Returns the metrics of a protocol in the book's order: those that it lists and those that join it. */
export function metricsOf({ metrics }: ScoreBook, protocol: Protocol): readonly Metric[] {
  const listed = new Set(protocol.metrics.map(({ id }) => id));
  const context = contextOf(protocol);
  return metrics.filter(
    (metric) => listed.has(metric.id) || (suits(metric, context) && metric.joins?.(context) === true),
  );
}

/** The rule by which two sides of a comparison are judged under one protocol. */
export interface Judgement extends ScoredProtocol {
  /** Id of the figure that decides the verdict: miou, AP, AR@1000, AR@300. */
  readonly headline: string;
}

/** Returns how a protocol judges two sides: by its own headline, else by that of its first metric. */
export function judgementOf(protocol: Protocol): Judgement {
  return { ...contextOf(protocol), headline: protocol.headline ?? protocol.metrics[0].headline };
}
