import type { ImageId, ImageWeights, Metric, MetricContext, PredictionRow } from "../../api.ts";
import { cocoSizes } from "../../metrics/index.ts";
import { type Interval, pairedIntervals } from "../../stats/intervals.ts";
import { permutationP } from "../../stats/permutation.ts";
import type { SharedPrompts } from "./side.ts";

const defaults = {
  draws: 1000,
  /** Standard errors from 0 at which 80 % of tries reach p < 0.05 on both sides: 1.960 + 0.842. */
  detectable: 2.802,
  /** Standard errors that a 95 % interval spans. */
  interval: 2 * 1.96,
};

/** A figure of both sides, fractions, and B's less A's. */
export interface FigureDifference {
  /** What `--fail-if` calls it: miou.box, miou.box.small, ece.1p, AP.det. */
  readonly figure: string;
  readonly prompts: string;
  readonly protocol: string;
  /** Each alone, with its own interval. */
  readonly a: Interval;
  readonly b: Interval;
  /** B less A, on the same images. */
  readonly difference: Interval;
  readonly better: "higher" | "lower";
  /** Half the width of the difference's interval if A and B had not been on the same images. */
  readonly unpaired?: number;
  readonly p?: number;
  /** Among all that are judged together. */
  readonly adjustedP?: number;
  /** The smallest difference that this many images would have shown in 80 % of tries. */
  readonly detectable?: number;
  /** Images on which the mean of B is higher, alike and lower, as shares. Of mean IoU alone. */
  readonly won?: Shares;
  readonly n: number;
  readonly images: number;
}

export interface Shares {
  readonly higher: number;
  readonly alike: number;
  readonly lower: number;
}

const headline = /^(miou|AP|AR@\d+)\.[^.]+$/;

/** Whether a verdict is made of it: mIoU, AP and AR of all targets, not their parts. */
export function isHeadline({ figure }: Pick<FigureDifference, "figure">): boolean {
  return headline.test(figure);
}

export interface DifferenceOptions {
  readonly metrics: readonly Metric[];
  readonly seed: number;
  readonly draws?: number;
  /** What is scored against; without it, figures that need annotations are left out. */
  readonly dataset?: MetricContext["dataset"];
}

/** All figures that the metrics define for one prompts name; one that either side lacks is left out. */
export function figureDifferences(shared: SharedPrompts, options: DifferenceOptions): readonly FigureDifference[] {
  return options.metrics.flatMap((metric) => metricDifferences(metric, shared, options));
}

type Values = (
  weights: ImageWeights,
) => readonly { readonly id: string; readonly value?: number; readonly n: number }[];

function metricDifferences(metric: Metric, shared: SharedPrompts, options: DifferenceOptions): FigureDifference[] {
  const { images } = shared;
  const both = fitBoth(metric, shared, options.dataset);
  const sideA: Values = ({ counts }) => both(interleaved(counts, new Uint32Array(counts.length)));
  const sideB: Values = ({ counts }) => both(interleaved(new Uint32Array(counts.length), counts));
  const once = { images, counts: new Uint32Array(images.length).fill(1) };
  const a = sideA(once);
  const { seed, draws = defaults.draws } = options;
  const intervals = pairedIntervals(sideA, sideB, images, { seed });
  const ps = metricP(both, a.length, images.length, { seed, draws });
  return a.flatMap(({ id, n }, i) => {
    const found = intervals[i];
    if (found === undefined) return [];
    const p = ps[i];
    return [
      {
        figure: figureName(metric.id, shared.prompts, id),
        ...{ prompts: shared.prompts, protocol: shared.protocol, ...found },
        better: metric.id === "calibration" ? ("lower" as const) : ("higher" as const),
        ...unpairedWidth(found.a, found.b),
        ...(p === undefined ? {} : { p }),
        ...detectableFrom(found.difference),
        ...(id === "miou" ? { won: sharesOf(sideA, sideB, images) } : {}),
        ...{ n, images: images.length },
      },
    ];
  });
}

/** Sizes are parts of a mean IoU; all else goes by the id that tables give it. */
function figureName(metric: string, prompts: string, id: string): string {
  return metric === "miou" && id !== "miou" ? `miou.${prompts}.${id}` : `${id}.${prompts}`;
}

/**
 * Both sides fitted as one: image i of A is image 2i, of B 2i + 1. Weights then say of each image which side is meant, so
 * that an exchange of the two costs sums alone.
 */
function fitBoth(
  metric: Metric,
  { a, b, images }: SharedPrompts,
  dataset: MetricContext["dataset"],
): (counts: Uint32Array) => ReturnType<Values> {
  const places = new Map(images.map((image, i) => [image, i]));
  const moved = (rows: readonly PredictionRow[], side: 0 | 1) =>
    rows.map((row) => ({ ...row, image: 2 * places.get(row.image)! + side }));
  const doubled = Array.from({ length: 2 * images.length }, (_, i) => i);
  const context = {
    images: doubled,
    sizes: cocoSizes,
    ...(dataset === undefined ? {} : { dataset: twice(dataset, images) }),
  };
  const valuesAt = metric.fit([...moved(a, 0), ...moved(b, 1)], context);
  return (counts) => valuesAt({ images: doubled, counts });
}

/** The dataset under the numbers of fitBoth. */
function twice(
  dataset: NonNullable<MetricContext["dataset"]>,
  images: readonly ImageId[],
): NonNullable<MetricContext["dataset"]> {
  const records = "images" in dataset ? (dataset.images as readonly { readonly id: ImageId }[]) : [];
  const byId = new Map(records.map((record) => [record.id, record]));
  const renumbered = images.flatMap((image, i) => [2 * i, 2 * i + 1].map((id) => ({ ...byId.get(image), id })));
  return {
    categories: dataset.categories,
    annotationsOf: (image) =>
      dataset.annotationsOf(images[image >> 1]!).map((annotation) => ({ ...annotation, image })),
    ...("images" in dataset ? { images: renumbered } : {}),
  };
}

function interleaved(a: Uint32Array, b: Uint32Array): Uint32Array {
  const counts = new Uint32Array(2 * a.length);
  for (let i = 0; i < a.length; i++) {
    counts[2 * i] = a[i]!;
    counts[2 * i + 1] = b[i]!;
  }
  return counts;
}

/** All figures of a metric from the same exchanges; each exchange is evaluated once. */
function metricP(
  both: (counts: Uint32Array) => ReturnType<Values>,
  figures: number,
  images: number,
  options: { readonly seed: number; readonly draws: number },
): readonly (number | undefined)[] {
  const kept = new Map<string, readonly (number | undefined)[]>();
  const differencesAt = (exchanged: Uint8Array) => {
    const key = Buffer.from(exchanged).toString("latin1");
    const known = kept.get(key);
    if (known !== undefined) return known;
    const first = both(
      interleaved(
        Uint32Array.from(exchanged, (each) => 1 - each),
        Uint32Array.from(exchanged),
      ),
    );
    const second = both(
      interleaved(
        Uint32Array.from(exchanged),
        Uint32Array.from(exchanged, (each) => 1 - each),
      ),
    );
    const found = first.map(({ value }, i) => less(second[i]!.value, value));
    kept.set(key, found);
    return found;
  };
  return Array.from({ length: figures }, (_, i) =>
    permutationP((exchanged) => differencesAt(exchanged)[i], images, options),
  );
}

function less(x: number | undefined, y: number | undefined): number | undefined {
  return x === undefined || y === undefined ? undefined : x - y;
}

function unpairedWidth(a: Interval, b: Interval): Pick<FigureDifference, "unpaired"> {
  const [x, y] = [halfWidth(a), halfWidth(b)];
  return x === undefined || y === undefined ? {} : { unpaired: Math.hypot(x, y) };
}

function halfWidth({ low, high }: Interval): number | undefined {
  return low === undefined || high === undefined ? undefined : (high - low) / 2;
}

/** From the width of the interval: its standard error. */
function detectableFrom({ low, high }: Interval): Pick<FigureDifference, "detectable"> {
  if (low === undefined || high === undefined) return {};
  return { detectable: (defaults.detectable * (high - low)) / defaults.interval };
}

/** By image: an image without a target is on neither side. */
function sharesOf(sideA: Values, sideB: Values, images: readonly ImageId[]): Shares {
  const counted = { higher: 0, alike: 0, lower: 0 };
  let all = 0;
  for (const i of images.keys()) {
    const counts = new Uint32Array(images.length);
    counts[i] = 1;
    const difference = less(sideB({ images, counts })[0]!.value, sideA({ images, counts })[0]!.value);
    if (difference === undefined) continue;
    all += 1;
    counted[Math.abs(difference) < 1e-12 ? "alike" : difference > 0 ? "higher" : "lower"] += 1;
  }
  const share = (count: number) => (all === 0 ? 0 : count / all);
  return { higher: share(counted.higher), alike: share(counted.alike), lower: share(counted.lower) };
}
