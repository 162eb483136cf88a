import type { Metric, ReliabilityBin } from "../../api.ts";
import type { RunReport } from "../../results/report.ts";
import type { LatencyTurn } from "../../store/latency.ts";
import type { Manifest } from "../../store/schema.ts";
import { brokenLines } from "../table/layout.ts";
import { chartConfig } from "./theme.ts";
import { type ChartSpec, vegaLiteSchema } from "./vega.ts";

/** A run with what charts draw beside its figures. */
export interface ChartRun {
  /** Tells it from the others of the report: the variant, with its run where one has several. */
  readonly label: string;
  readonly report: RunReport;
  readonly manifest: Manifest;
  readonly turns: readonly LatencyTurn[];
  /** Predicted against measured IoU by prompts name; empty for seeded weights. */
  readonly reliability: Readonly<Record<string, readonly ReliabilityBin[]>>;
}

/** A metric that is drawn, with what charts call it. */
export interface DrawnMetric {
  readonly metric: Metric;
  /** Of its headline: mIoU. */
  readonly title: string;
  /** Names the figure in a chart's data: a letter, a digit or `_`, since a point would lead into an object. */
  readonly field: string;
  /** Behind a chart's id: nothing for the first, so that its files keep their names. */
  readonly suffix: string;
}

/** The metrics that reports draw; those of one report know the same. */
export function drawnMetrics(runs: readonly ChartRun[]): readonly DrawnMetric[] {
  const drawn = (runs[0]?.report.metrics ?? []).filter((metric) => metric.drawn === true);
  return drawn.map((metric, i) => ({
    metric,
    title: metric.columns.find(({ id }) => id === metric.headline)?.title ?? metric.title,
    field: metric.headline.replaceAll(/\W/g, "_"),
    suffix: i === 0 ? "" : `-${metric.id}`,
  }));
}

export interface Chart {
  /** Of its files, too. */
  readonly id: string;
  readonly title: string;
  /** How to read it, in a sentence or two. */
  readonly caption: string;
  /** What it shows, for those who do not see it. */
  readonly alt: string;
  readonly spec: ChartSpec;
  /** The same as a table; the first record has the names. */
  readonly records: readonly (readonly (string | number)[])[];
  /** Warnings about these subjects belong beside it. */
  readonly touches: RegExp;
}

/** Pixels; a page draws as wide as it has room. */
const size = { width: 640, height: 320, row: 44 };

type Unit = Pick<Extract<ChartSpec, { layer: unknown }>, "data" | "layer"> & Partial<ChartSpec>;

/** What every chart begins with. Heights are of the marks: a row a variant, or the usual shape. */
export function chartSpec(description: string, rows: number | undefined, unit: Unit): ChartSpec {
  return {
    $schema: vegaLiteSchema,
    description,
    width: size.width,
    height: rows === undefined ? size.height : Math.max(2, rows) * size.row,
    autosize: { type: "fit-x", contains: "padding" },
    ...unit,
  } as ChartSpec;
}

/** Characters of a line under a chart's title. Vega does not break lines itself. */
const captionWidth = 100;

/** Returns a chart as a file of its own: with its title, in the colours of paper. */
export function chartFile({ title, caption, spec }: Chart): ChartSpec {
  // Without a browser Vega guesses widths of text half too wide: a chart fitted by that guess would be left narrow.
  const autosize = { type: "pad" } as const;
  return {
    ...spec,
    autosize,
    title: { text: title, subtitle: brokenLines(caption, (line) => line.length <= captionWidth) },
    config: chartConfig("light"),
  };
}

/** One colour a variant, the same in every chart of a report; the legend names those that this chart shows. */
export function colourOf(runs: readonly ChartRun[], shown: readonly { readonly variant: string }[]) {
  const names = new Set(shown.map(({ variant }) => variant));
  const all = runs.map(({ label }) => label);
  return {
    field: "variant",
    type: "nominal",
    scale: { domain: all },
    legend: names.size > 1 ? { title: null, values: all.filter((label) => names.has(label)) } : null,
  } as const;
}

/** Figures as charts print them: enough digits to tell neighbours apart, no more. */
export function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
