import type { FittedMetric, Metric, MetricContext } from "../../api.ts";
import { cocoSizes, rangeOf, suits } from "../../metrics/index.ts";
import type { Judgement } from "../../protocols/index.ts";
import { type Interval, intervalsOf, pairedIntervals } from "../../stats/intervals.ts";
import { begunExchange, type FittedSides } from "./exchange.ts";
import type { SharedPrompts } from "./side.ts";

const defaults = {
  draws: 1000,
  /** A true difference of so many standard errors reaches p < 0.05 in 80 % of tries, two-sided: 1.960 + 0.842. */
  detectable: 2.802,
  /** A 95 % interval spans so many standard errors. */
  interval: 2 * 1.96,
};

/** Holds a figure of both sides in its unit, fractions as fractions, and the difference of B and A. */
export interface FigureDifference {
  /** Name of the figure in `--fail-if`: miou.box, miou.box.small, ece.1p, AP.det. */
  readonly figure: string;
  readonly prompts: string;
  readonly protocol: string;
  /** Each side alone has this figure, with its own interval. */
  readonly a: Interval;
  readonly b: Interval;
  /** B less A, on the same images. */
  readonly difference: Interval;
  readonly better: "higher" | "lower";
  readonly unit: Metric["unit"];
  /** Tells whether the verdict is made of this figure; each protocol has one such figure. */
  readonly headline: boolean;
  /** Half the width that the interval of the difference would have if A and B had been on different images. */
  readonly unpaired?: number;
  readonly p?: number;
  /** Holm's correction makes this p value among all figures that are judged together. */
  readonly adjustedP?: number;
  /** The smallest difference that this many images would have shown in 80 % of tries. */
  readonly detectable?: number;
  /**
   * Shares of the images on which the mean of B is higher, alike and lower. Only a metric that has a value of one image has
   * them.
   */
  readonly won?: Shares;
  readonly n: number;
  readonly images: number;
}

interface Shares {
  readonly higher: number;
  readonly alike: number;
  readonly lower: number;
}

interface DifferenceOptions {
  readonly metrics: readonly Metric[];
  /** Figures that sides are judged by, by protocol id. */
  readonly judged: Readonly<Record<string, Judgement>>;
  readonly seed: number;
  readonly draws?: number;
  /** Annotations to score against; without them, figures that need annotations are left out. */
  readonly dataset?: MetricContext["dataset"];
}

/**
 * Returns all figures that the metrics define for one prompts name; a figure that one side lacks is left out. Each side
 * alone has the figure of its table and of `bench score` on the same images: the same fit, the same intervals.
 */
export function figureDifferences(shared: SharedPrompts, options: DifferenceOptions): readonly FigureDifference[] {
  return begunDifferences(shared, options)();
}

/**
 * Fits the metrics and begins with exchanges, which may go on in another thread, and returns a function that returns
 * `figureDifferences`.
 */
export function begunDifferences(shared: SharedPrompts, options: DifferenceOptions): () => readonly FigureDifference[] {
  const judged = options.judged[shared.protocol]!;
  const metrics = options.metrics.filter((metric) => suits(metric, judged));
  // Those of annotations have the long exchanges: these go on while the others are fitted.
  const isLong = ({ needs }: Metric) => (needs === "annotations" ? 1 : 0);
  const ordered = metrics.toSorted((x, y) => isLong(y) - isLong(x));
  const begun = new Map(ordered.map((metric) => [metric, metricDifferences(metric, shared, options)]));
  return () => metrics.flatMap((metric) => begun.get(metric)!());
}

function metricDifferences(
  metric: Metric,
  shared: SharedPrompts,
  options: DifferenceOptions,
): () => readonly FigureDifference[] {
  const { images, seeds } = shared;
  const { dataset, seed, draws = defaults.draws } = options;
  const judged = options.judged[shared.protocol]!;
  const context: MetricContext = { images, sizes: cocoSizes, protocol: judged, dataset };
  const a = metric.fit(shared.a, context);
  const b = metric.fit(shared.b, context);
  const psOf = begunExchange({ metric, a, b }, shared, { seed, draws, dataset });
  return () => {
    const range = rangeOf(metric);
    const intervals = pairedIntervals(a, b, images, { seed: seeds.a, range });
    // Each side alone has the groups of its own run, as in that run's table.
    const ofB = seeds.a === seeds.b ? undefined : intervalsOf(b, images, { seed: seeds.b, range });
    const own = intervals.map((pair, i) => pair && { ...pair, b: ofB?.[i] ?? pair.b });
    return figuresOf({ metric, a, b }, shared, { judged, intervals: own, ps: psOf() });
  };
}

interface FigureParts {
  readonly judged: Judgement;
  readonly intervals: ReturnType<typeof pairedIntervals>;
  readonly ps: readonly (number | undefined)[];
}

function figuresOf(
  { metric, a, b }: FittedSides,
  { prompts, protocol, images }: SharedPrompts,
  { judged, intervals, ps }: FigureParts,
): readonly FigureDifference[] {
  const once = { images, counts: new Uint32Array(images.length).fill(1) };
  return a(once).flatMap(({ id, n }, i) => {
    const found = intervals[i];
    if (found === undefined || isDrawnAlone(metric, id)) return [];
    return [
      {
        figure: figureName(metric, prompts, id),
        prompts,
        protocol,
        ...found,
        better: metric.better,
        unit: metric.unit,
        headline: judged.headline === id,
        unpaired: unpairedWidth(found.a, found.b),
        p: ps[i],
        detectable: detectableFrom(found.difference),
        won: id === metric.headline ? sharesOf(a, b) : undefined,
        n,
        images: images.length,
      },
    ];
  });
}

/** Tells whether a figure by step stands in no table: such figures are drawn, and too many to be judged one by one. */
function isDrawnAlone({ bySteps = [], columns }: Metric, id: string): boolean {
  return bySteps.some((figure) => figure.id === id) && !columns.some((column) => column.id === id);
}

/**
 * Names a figure: a part of a metric has the metric's headline in front, miou.box.small; any other figure has the id that
 * tables give it.
 */
export function figureName({ headline, parts = [] }: Metric, prompts: string, id: string): string {
  return parts.some((part) => part.id === id) ? `${headline}.${prompts}.${id}` : `${id}.${prompts}`;
}

function less(x: number | undefined, y: number | undefined): number | undefined {
  return x === undefined || y === undefined ? undefined : x - y;
}

function unpairedWidth(a: Interval, b: Interval): number | undefined {
  const x = halfWidth(a);
  const y = halfWidth(b);
  return x === undefined || y === undefined ? undefined : Math.hypot(x, y);
}

function halfWidth({ low, high }: Interval): number | undefined {
  return low === undefined || high === undefined ? undefined : (high - low) / 2;
}

/**
 * Returns the smallest difference that would be shown, from the standard error, which follows from the width of the
 * interval.
 */
function detectableFrom({ low, high }: Interval): number | undefined {
  if (low === undefined || high === undefined) return undefined;
  return (defaults.detectable * (high - low)) / defaults.interval;
}

/**
 * Returns on how many images a side is higher, as shares; nothing for a metric that has no value of one image. An image without a
 * target counts for neither side.
 */
function sharesOf({ ofImages: a }: FittedMetric, { ofImages: b }: FittedMetric): Shares | undefined {
  if (a === undefined || b === undefined) return undefined;
  const counted = { higher: 0, alike: 0, lower: 0 };
  let all = 0;
  const ofA = a();
  for (const [i, value] of b().entries()) {
    const difference = less(value, ofA[i]);
    if (difference === undefined) continue;
    all += 1;
    counted[Math.abs(difference) < 1e-12 ? "alike" : difference > 0 ? "higher" : "lower"] += 1;
  }
  const share = (count: number) => (all === 0 ? 0 : count / all);
  return { higher: share(counted.higher), alike: share(counted.alike), lower: share(counted.lower) };
}
