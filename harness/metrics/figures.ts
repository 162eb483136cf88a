import type { Metric, MetricContext, PredictionRow, ScoredProtocol } from "../api.ts";
import { type Interval, type IntervalOptions, intervalsOf } from "../stats/intervals.ts";
import { rangeOf } from "./units.ts";

/** A metric's value as tables print it. A value from too few images has no interval. */
export interface Figure extends Interval {
  readonly id: string;
  /** Instances behind the value. */
  readonly n: number;
  /** Absent for a fraction. */
  readonly unit?: Exclude<Metric["unit"], "fraction"> | undefined;
}

export interface FigureOptions extends Pick<IntervalOptions, "seed"> {
  /**
   * Computes values alone where it is "none": with intervals the metric's sums are added up again for every group of images.
   */
  readonly intervals?: "none";
}

/**
 * Tells whether a metric has figures of a protocol's rows: a metric over several steps of a target of those that have several,
 * and every other metric of those that have one.
 */
export function suits(metric: Pick<Metric, "severalSteps">, protocol: Pick<ScoredProtocol, "severalSteps">): boolean {
  return (metric.severalSteps ?? false) === (protocol.severalSteps ?? false);
}

/**
 * Returns the metric's values with their 95 % intervals, without those that have no data. Two variants on the same images and
 * seed have the same groups of images.
 */
export function figuresOf(
  metric: Metric,
  { rows, ...context }: MetricContext & { readonly rows: readonly PredictionRow[] },
  { seed, intervals }: FigureOptions,
): readonly Figure[] {
  if (context.protocol !== undefined && !suits(metric, context.protocol)) return [];
  const valuesAt = metric.fit(rows, context);
  const images = [...new Set(context.images)].sort((a, b) => a - b);
  const once = valuesAt({ images, counts: new Uint32Array(images.length).fill(1) });
  const found =
    intervals === "none"
      ? once.map(({ value }) => asInterval(value))
      : intervalsOf(valuesAt, images, { seed, range: rangeOf(metric) });
  const unit = metric.unit === "fraction" ? undefined : metric.unit;
  return once.flatMap(({ id, n }, i) => {
    const interval = found[i];
    return interval === undefined ? [] : [{ id, ...interval, n, unit }];
  });
}

/** Returns what `figuresOf` returns as a record by figure id, which is what a manifest stores and a report holds. */
export function figuresById(
  metric: Metric,
  context: MetricContext & { readonly rows: readonly PredictionRow[] },
  options: FigureOptions,
): Readonly<Record<string, Omit<Figure, "id">>> {
  return Object.fromEntries(figuresOf(metric, context, options).map(({ id, ...figure }) => [id, figure]));
}

function asInterval(value: number | undefined): Interval | undefined {
  return value === undefined ? undefined : { value };
}
