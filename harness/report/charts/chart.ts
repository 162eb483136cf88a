import type { Metric, ReliabilityBin } from "../../api.ts";
import type { RunReport, Score } from "../../results/report.ts";
import type { LatencyTurn } from "../../store/latency.ts";
import type { Manifest } from "../../store/schema.ts";
import { brokenLines } from "../table/formats/layout.ts";
import { chartConfig, type Theme } from "./drawing/theme.ts";
import { type ChartSpec, vegaLiteSchema } from "./drawing/vega.ts";

export type { ChartSpec };

/** A run with the samples and bins that charts draw beside its figures. */
export interface ChartRun {
  /**
   * Name that tells the run from the others of the report: the variant, with the run's id where one variant has several
   * runs.
   */
  readonly label: string;
  readonly report: RunReport;
  readonly manifest: Manifest;
  readonly turns: readonly LatencyTurn[];
  /** Predicted against measured IoU by prompts name; empty for seeded weights. */
  readonly reliability: Readonly<Record<string, readonly ReliabilityBin[]>>;
}

/** A metric that charts draw, with the names that they give it. */
export interface DrawnMetric {
  readonly metric: Metric;
  /** Title of its headline figure, such as mIoU. */
  readonly title: string;
  /** Name of the figure in a chart's data: letters, digits and `_`, because a point would lead into an object. */
  readonly field: string;
  /** Text behind the id of a chart. It is empty for the first metric, so that the files of its charts keep their names. */
  readonly suffix: string;
}

/** Returns the metrics that reports draw; all runs of one report know the same metrics. */
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
  /** Id of the chart, and name of its files. */
  readonly id: string;
  readonly title: string;
  /** Tells in a sentence or two how to read the chart. */
  readonly caption: string;
  /** Says in words what the chart shows, for people who do not see it. */
  readonly alt: string;
  readonly spec: ChartSpec;
  /**
   * The same chart for a narrow place: beside the charts of other prompts, or on a small screen. Absent where the chart takes
   * any width.
   */
  readonly narrow?: ChartSpec;
  /** Says what tells the chart from its neighbours, where a section has one for each prompts name. */
  readonly panel?: { readonly name: string; readonly protocol: string };
  /** `variants`: colours and shapes are those of the variants, so that one legend serves all such charts of a section. */
  readonly colours: "variants" | "own";
  /** The same data as a table; the first record holds the names. */
  readonly records: readonly (readonly (string | number)[])[];
  /** Matches the subjects of the warnings that belong beside this chart. */
  readonly touches: RegExp;
}

/** Pixels of a chart's file; a page draws charts as wide as it has room. */
const size = { width: 640, height: 320, row: 44 };

type Unit = Pick<Extract<ChartSpec, { layer: unknown }>, "data" | "layer"> & Partial<ChartSpec>;

/** Adds what all charts have in common. `rows` sets the height where each variant has a row of its own. */
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

/** Adds what all charts have in common to one that is drawn at a fixed size of its plot. */
export function fixedChartSpec(
  description: string,
  { width, height }: { readonly width: number; readonly height: number },
  unit: Unit,
): ChartSpec {
  return { $schema: vegaLiteSchema, description, width, height, autosize: { type: "pad" }, ...unit } as ChartSpec;
}

/** Characters of a line under a chart's title. Vega does not break lines itself. */
const captionWidth = 100;

/** Returns a chart as a file of its own: with its title, in the colours of paper or of the theme that is asked for. */
export function chartFile({ title, caption, spec }: Chart, theme: Theme = "light"): ChartSpec {
  const autosize = { type: "pad" } as const;
  return {
    ...spec,
    autosize,
    title: { text: title, subtitle: brokenLines(caption, (line) => line.length <= captionWidth) },
    config: chartConfig(theme),
  };
}

/** Returns a chart without legends of colours and shapes, for a page that writes one legend for several charts. */
export function withoutLegend(spec: ChartSpec): ChartSpec {
  const text = JSON.stringify(spec, (key, value) =>
    (key === "color" || key === "shape") && typeof value === "object" ? { ...value, legend: null } : value,
  );
  return JSON.parse(text) as ChartSpec;
}

/**
 * Gives each variant one colour, the same in every chart of a report; the legend names the variants that this chart shows.
 */
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

/** Returns a figure and its bounds in percent, as charts print them. A figure without bounds stands in for both. */
export function percentages({ value, low = value, high = value }: Score) {
  return { accuracy: rounded(100 * value), low: rounded(100 * low), high: rounded(100 * high) };
}

/** Rounds a figure as charts print it: with enough digits to tell neighbours apart, and no more. */
export function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
