import type { Metric, Protocol } from "../api.ts";
import { HarnessError, unknown } from "../errors.ts";
import type { ScoreBook } from "../protocols/index.ts";
import type { Manifest } from "../store/schema.ts";

/** Returns a protocol of a stored run. Throws HarnessError where no module that is loaded brings it. */
export function protocolOfRun({ id }: Pick<Manifest, "id">, protocol: string, { protocols }: ScoreBook): Protocol {
  const found = protocols.find((each) => each.id === protocol);
  if (found !== undefined) return found;
  throw new HarnessError(`${id}: its protocol ${protocol} is not known here`, {
    hint: "name the module that brings it with --plugin",
  });
}

/** Returns the metrics that are asked for, in the order given; all without a list. Throws HarnessError with the nearest id. */
export function chosenMetrics(ids: readonly string[] | undefined, { metrics }: ScoreBook): readonly Metric[] {
  if (ids === undefined) return metrics;
  const known = metrics.map(({ id }) => id);
  return ids.map((id) => {
    const metric = metrics.find((each) => each.id === id);
    if (metric === undefined) throw unknown("metric", id, known);
    return metric;
  });
}
