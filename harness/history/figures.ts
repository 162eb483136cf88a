import type { Interval } from "../stats/intervals.ts";
import { largest } from "../stats/summary.ts";
import type { PublishedRecord } from "./record.ts";

/** A figure that a history may show, by the name that `--figure` takes: miou.box, AP.det, encode, memory. */
export interface HistoryFigure {
  readonly name: string;
  /** Accuracy is a fraction, latency is ms, memory is bytes. */
  readonly kind: "accuracy" | "latency" | "memory";
  readonly better: "higher" | "lower";
  /** Name of the prompts that an accuracy is of. */
  readonly prompts?: string | undefined;
  /** Id of the metric that an accuracy is of. */
  readonly metric?: string | undefined;
}

/** A figure of one result, with its own interval where it has one. */
export interface MeasuredFigure extends HistoryFigure, Interval {
  /** Instances of an accuracy, samples of a latency. */
  readonly n?: number;
}

/** Returns every figure of a result: accuracy in the order of its prompts, the stages of latency, and memory. */
export function figuresIn(record: PublishedRecord): readonly MeasuredFigure[] {
  return [...accuraciesIn(record), ...latenciesIn(record), ...memoryIn(record)];
}

/** Returns the names of the figures that are shown where none is asked for: what the run is ranked by, and encode. */
export function firstFigures(record: PublishedRecord): readonly string[] {
  return [...(record.headline === undefined ? [] : [record.headline]), "encode"];
}

function accuraciesIn({ prompts }: PublishedRecord): readonly MeasuredFigure[] {
  return Object.entries(prompts).flatMap(([name, { metrics, figures }]) =>
    Object.entries(metrics).flatMap(([metric, { better, figures: names }]) =>
      Object.entries(names).flatMap(([id, called]) => {
        const found = figures[id];
        if (found === undefined) return [];
        return [{ name: called, kind: "accuracy" as const, better, prompts: name, metric, ...found }];
      }),
    ),
  );
}

function latenciesIn({ latency }: PublishedRecord): readonly MeasuredFigure[] {
  return Object.entries(latency).map(([name, { median: value, low, high, n }]) => {
    return { name, kind: "latency", better: "lower", value, low, high, n };
  });
}

function memoryIn({ memory: { model } }: PublishedRecord): readonly MeasuredFigure[] {
  if (model === undefined) return [];
  return [{ name: "memory", kind: "memory", better: "lower", value: largest(Object.values(model)) }];
}
