import type { PublishedFigure } from "../../api.ts";
import type { RunReport } from "../../results/report.ts";
import { scaledInterval } from "../../stats/intervals.ts";
import { speedUp, totalMs } from "../table/columns/columns.ts";
import type { Measure } from "./paper.ts";

/** Figure of a run in a published column's unit. */
export interface Measured {
  readonly value: number;
  /** Bounds: the 95 % interval of an accuracy, the quartiles of a latency; absent for what is counted. */
  readonly low?: number;
  readonly high?: number;
  /** Number of instances of an accuracy, or of samples of a latency. */
  readonly n?: number;
}

/** Names what a figure depends on: the `machine`, the `images`, or the `model` alone. */
export type Nature = "images" | "machine" | "model";

/** Protocol id of a run's latency phase: encode and decode are measured apart, with one box prompt. */
export const latencyProtocol = "latency-encode-decode";

interface MeasureContext {
  readonly unit: string | undefined;
  /** Run that speed-ups are over. */
  readonly base?: RunReport | undefined;
}

const bytesIn: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, MiB: 2 ** 20, GiB: 2 ** 30 };

type Reader = (report: RunReport, context: MeasureContext) => Measured | undefined;

const ofModel: Readonly<Record<string, Reader>> = {
  parameters: ({ parameters }) => counted(parameters, 1e-6),
  gmacs: ({ referenceGmacs: gmacs }) => counted(gmacs && gmacs.encode + gmacs.decode),
};

const ofMachine: Readonly<Record<string, Reader>> = {
  "latency-encode": ({ latency }) => latency.encode && quartiles(latency.encode),
  "latency-decode": ({ latency }) => latency.decode && quartiles(latency.decode),
  "latency-total": (report) => counted(totalMs(report)),
  "speed-up": (report, { base }) => counted(speedUp(report, base)),
  "memory-peak": ({ modelMemory }, { unit = "" }) => {
    const bytes = bytesIn[unit];
    return modelMemory && bytes ? counted(Math.max(...Object.values(modelMemory)), 1 / bytes) : undefined;
  },
};

export function natureOf({ metric }: Measure): Nature {
  if (metric in ofModel) return "model";
  return metric in ofMachine ? "machine" : "images";
}

/** Returns the run's figure for a measure; nothing where the run has none of that protocol, prompts, metric and size. */
export function measuredOf(report: RunReport, measure: Measure, context: MeasureContext): Measured | undefined {
  const model = ofModel[measure.metric];
  if (model !== undefined) return model(report, context);
  const machine = ofMachine[measure.metric];
  if (machine !== undefined) return measure.protocol === latencyProtocol ? machine(report, context) : undefined;
  return accuracyOf(report, measure, context.unit === "%" ? 100 : 1);
}

/** Name that stands for a protocol's only prompts, whatever they are called in a run. */
const onlyPrompts = "grid";

function accuracyOf(run: RunReport, measure: Measure, factor: number): Measured | undefined {
  const { protocol, prompt = "" } = measure;
  const { prompts } = run;
  const own = Object.entries(prompts).filter(([, each]) => each.protocol === protocol);
  const [, report] =
    own.find(([name]) => name === prompt) ?? (prompt === onlyPrompts && own.length === 1 ? own[0]! : []);
  const figure = (report as Readonly<Record<string, unknown>> | undefined)?.[publishedFigure(run, measure).id];
  if (!isMeasured(figure)) return undefined;
  return { ...scaledInterval(figure, factor), n: figure.n };
}

/**
 * Returns the name that a run's report gives a published figure: miou and small, AP and APs, AR@1000 and ARr@1000. A figure
 * that no metric claims keeps its own name.
 */
export function publishedFigure(
  { metrics }: Pick<RunReport, "metrics">,
  { metric, size = "all" }: Pick<Measure, "metric" | "size">,
): PublishedFigure {
  for (const each of metrics) {
    const found = each.published?.(metric, size);
    if (found !== undefined) return found;
  }
  return { id: metric, about: "annotated images" };
}

function isMeasured(figure: unknown): figure is Measured {
  return typeof figure === "object" && figure !== null && typeof (figure as Partial<Measured>).value === "number";
}

function counted(value: number | undefined, factor = 1): Measured | undefined {
  return value === undefined ? undefined : { value: value * factor };
}

function quartiles({ median, q1, q3, n }: { median: number; q1: number; q3: number; n: number }): Measured {
  return { value: median, low: q1, high: q3, n };
}
