import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { View } from "vega";
import type { compile as Compile, Config, TopLevelSpec } from "vega-lite";
import { visibleLines } from "../../../visible.ts";
import { textWidthPx } from "./textSize.ts";

declare module "vega" {
  /** What Vega measures texts by; its types leave it out. */
  const textMetrics: { width: (item: TextItem, text: unknown) => number };
}

interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: unknown;
}

/** Loads both libraries with the first chart: most commands draw none, and need not wait for them. */
async function libraries() {
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  // Without a browser Vega measures no text and guesses it half too wide, which leaves gaps between the columns of a legend.
  vega.textMetrics.width = ({ fontSize = 11, fontWeight }, text) =>
    textWidthPx(String(text ?? ""), fontSize, fontWeight === "bold" ? "bold" : "normal");
  return { vega, compile };
}

/** A chart as the Vega editor opens it. */
export type ChartSpec = TopLevelSpec;
export type ChartConfig = Config;

/** Address of the schema of the Vega-Lite version that this project draws with. */
export const vegaLiteSchema = "https://vega.github.io/schema/vega-lite/v6.json";

/**
 * Colours of tables and single charts. Readers with any colour vision tell them apart, in print too: Okabe and Ito's blue
 * and vermilion beside greys.
 */
export const palette = {
  text: "#1b1f24",
  muted: "#57606a",
  rule: "#1b1f24",
  faintRule: "#d0d7de",
  paper: "#ffffff",
  ours: "#eef3f8",
  alike: "#e9ebee",
  above: "#a6cee9",
  below: "#f6c6a4",
} as const;

export const font = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

interface OwnChart {
  readonly title: string;
  readonly subtitle: string;
  readonly width: number;
  readonly height: number | { readonly step: number };
}

/** Adds title, size and colours to a chart that stands alone, outside a report. */
export function ownChart({ title, subtitle, width, height }: OwnChart, unit: Partial<ChartSpec>): ChartSpec {
  return {
    $schema: vegaLiteSchema,
    description: `${title}. ${subtitle}`,
    background: palette.paper,
    width,
    height,
    padding: 16,
    title: { text: title, subtitle, anchor: "start", color: palette.text, subtitleColor: palette.muted },
    config: { font, axis: { labelColor: palette.muted, titleColor: palette.text, gridColor: palette.faintRule } },
    ...unit,
  } as ChartSpec;
}

/** Colours of series in charts that stand alone. */
export const blue = "#0072b2";
export const vermilion = "#d55e00";

/** Returns the warnings of Vega-Lite about a spec; charts of this project have none. */
export async function chartWarnings(spec: ChartSpec): Promise<readonly string[]> {
  const { compile } = await libraries();
  const warnings: string[] = [];
  compile(spec, { logger: collector(warnings) });
  return warnings;
}

/**
 * Draws a chart as SVG without a browser. Throws for a spec that Vega-Lite warns of, because that is a bug in the chart.
 */
export async function chartSvg(spec: ChartSpec): Promise<string> {
  const view = await viewOf(spec);
  try {
    // XML has no control characters: one in a name would make a drawing that nothing opens.
    return visibleLines(await view.toSVG());
  } finally {
    view.finalize();
  }
}

/** Size of a drawing in px, and the colour behind it. */
interface DrawingSize {
  readonly width: number;
  readonly height: number;
  readonly background: string;
}

/**
 * Draws a chart on what `open` returns, which is like the context of a canvas; `open` is told the size of the drawing. Throws
 * for a spec that Vega-Lite warns of.
 */
export async function drawChart(spec: ChartSpec, open: (size: DrawingSize) => object): Promise<void> {
  const view = await viewOf(spec);
  try {
    const [, width, height] = /^<svg[^>]* width="([\d.]+)" height="([\d.]+)"/.exec(await view.toSVG())!;
    const externalContext = open({ width: Number(width), height: Number(height), background: view.background() });
    await view.toCanvas(1, { externalContext });
  } finally {
    view.finalize();
  }
}

async function viewOf(spec: ChartSpec): Promise<View> {
  const { vega, compile } = await libraries();
  const warnings: string[] = [];
  const { spec: vegaSpec } = compile(spec, { logger: collector(warnings) });
  if (warnings.length > 0) throw new Error(`chart: ${warnings.join("; ")}`);
  return new vega.View(vega.parse(vegaSpec), { renderer: "none", logLevel: vega.Error });
}

/** Returns the libraries that a page needs to draw charts by itself, each as a classic script that sets a global. */
export function chartRuntime(): readonly string[] {
  const { resolve } = createRequire(import.meta.url);
  return [join(dirname(resolve("vega")), "vega.min.js"), join(dirname(resolve("vega-lite")), "vega-lite.min.js")].map(
    (file) => readFileSync(file, "utf8").replace(/\n\/\/# sourceMappingURL=.*\s*$/, ""),
  );
}

/** Returns a logger for Vega that keeps errors and warnings. Each method returns the logger, as Vega's interface asks. */
function collector(warnings: string[]) {
  const keep = (...words: readonly unknown[]) => {
    warnings.push(words.map(String).join(" "));
    return logger;
  };
  const drop = () => logger;
  const logger = { level: () => logger, error: keep, warn: keep, info: drop, debug: drop } as unknown as Logger;
  return logger;
}

type Logger = NonNullable<NonNullable<Parameters<typeof Compile>[1]>["logger"]>;
