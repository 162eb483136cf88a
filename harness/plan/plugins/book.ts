import { fileURLToPath } from "node:url";
import type { Metric } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { ownBook, type ScoreBook } from "../../protocols/index.ts";
import { loadRegistry, type Registry } from "./registry.ts";

/** Returns the project's own protocols and metrics, with those of these modules. */
export async function loadBook(plugins: readonly string[] = []): Promise<ScoreBook> {
  return plugins.length === 0 ? ownBook : bookOf(await loadRegistry(plugins));
}

/**
 * Returns the project's own protocols and metrics, and those of plug-ins behind them. A metric that a protocol lists is known
 * even where no module brings it by itself. Throws HarnessError where an id of a protocol, a metric or a figure stands for two
 * things.
 */
export function bookOf(registry: Pick<Registry, "protocols" | "metrics">): ScoreBook {
  const protocols = [...ownBook.protocols];
  for (const protocol of registry.protocols) {
    if (protocols.some(({ id }) => id === protocol.id)) throw taken("protocol", protocol.id, protocol.module);
    protocols.push(protocol);
  }
  const metrics = [...ownBook.metrics];
  for (const metric of registry.metrics) addMetric(metrics, metric);
  for (const metric of registry.protocols.flatMap((protocol) => protocol.metrics))
    if (!metrics.includes(metric)) addMetric(metrics, metric);
  return { protocols, metrics };
}

function addMetric(metrics: Metric[], metric: Metric): void {
  const other = metrics.find(({ id }) => id === metric.id);
  if (other !== undefined) throw taken("metric", metric.id, metric.module);
  const figures = figureIds(metric);
  const shared = metrics.flatMap(figureIds).find((id) => figures.includes(id));
  if (shared !== undefined) throw taken("figure", shared, metric.module);
  metrics.push(metric);
}

function figureIds({ headline, columns, parts = [] }: Metric): readonly string[] {
  return [...new Set([headline, ...columns.map(({ id }) => id), ...parts.map(({ id }) => id)])];
}

function taken(what: string, id: string, module: string): HarnessError {
  return new HarnessError(`${fileURLToPath(module)}: the ${what} ${id} is there already`, {
    hint: "give it another id",
  });
}
