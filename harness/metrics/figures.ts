import type { Metric, MetricContext, PredictionRow } from "../api.ts";
import { type BootstrapOptions, bootstrapIntervals, type Interval } from "../stats/bootstrap.ts";

/** A metric's value as tables print it; one image has a value and no interval. */
export interface Figure extends Interval {
  readonly id: string;
  /** Instances behind the value. */
  readonly n: number;
}

/**
 * The metric's values with their 95 % intervals, drawn by image; what has no data is left out.
 * Two variants on the same images and seed see the same draws.
 */
export function figuresOf(
  metric: Metric,
  { rows, ...context }: MetricContext & { readonly rows: readonly PredictionRow[] },
  options: BootstrapOptions,
): readonly Figure[] {
  const valuesAt = metric.fit(rows, context);
  const images = [...new Set(context.images)].sort((a, b) => a - b);
  const once = valuesAt({ images, counts: new Uint32Array(images.length).fill(1) });
  const intervals = bootstrapIntervals((weights) => valuesAt(weights).map(({ value }) => value), images, options);
  return once.flatMap(({ id, n }, i) => {
    const interval = intervals[i];
    return interval === undefined ? [] : [{ id, ...interval, n }];
  });
}
