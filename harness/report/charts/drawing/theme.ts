import { type ChartConfig, font } from "./vega.ts";

/**
 * Colours of series in their order, after Okabe and Ito: they are told apart with any colour vision, and shapes tell the
 * same apart again.
 */
const light = {
  text: "#1b1f24",
  muted: "#57606a",
  faint: "#d8dee4",
  paper: "#ffffff",
  series: ["#0072b2", "#d55e00", "#008a64", "#aa4499", "#8a6d00", "#3a9bd9", "#5b5f66", "#c0392b"],
} as const;

const dark = {
  text: "#e6edf3",
  muted: "#9da7b3",
  faint: "#30363d",
  paper: "#0d1117",
  series: ["#56b4e9", "#ff8c42", "#2cc295", "#e29acb", "#e5c441", "#a5b8ff", "#b1bac4", "#ff7b72"],
} as const;

/** Shapes of series in their order. */
export const symbolShapes = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"] as const;

export type Theme = "light" | "dark";
export const themes = { light, dark } as const;

/**
 * Returns the look of all charts. Charts themselves name no colour, only roles such as `faint`, so that a page can change
 * the theme.
 */
export function chartConfig(theme: Theme): ChartConfig {
  const { text, muted, faint, paper, series } = themes[theme];
  return {
    font,
    background: paper,
    padding: 8,
    view: { stroke: null },
    axis: {
      labelColor: muted,
      titleColor: text,
      gridColor: faint,
      domainColor: muted,
      tickColor: muted,
      labelFontSize: 12,
      titleFontSize: 12,
      titleFontWeight: "normal",
      titlePadding: 8,
      labelLimit: 320,
    },
    axisY: { domain: false, ticks: false, labelPadding: 8 },
    axisX: { grid: true, labelSeparation: 8 },
    legend: {
      labelColor: text,
      titleColor: muted,
      labelFontSize: 12,
      titleFontSize: 12,
      titleFontWeight: "normal",
      orient: "top",
      columns: 2,
      symbolSize: 90,
      symbolOpacity: 1,
      labelLimit: 320,
      columnPadding: 18,
      offset: 10,
    },
    title: {
      color: text,
      subtitleColor: muted,
      fontSize: 14,
      subtitleFontSize: 12,
      anchor: "start",
      offset: 12,
    },
    range: { category: [...series], symbol: [...symbolShapes] },
    point: { filled: true, size: 90, opacity: 1 },
    rule: { color: muted },
    text: { color: text, font, fontSize: 12 },
    style: {
      "guide-label": { font },
      "guide-title": { font },
      faint: { color: muted, stroke: muted },
      "plain-bar": { color: faint },
      halo: { color: paper, stroke: paper, strokeWidth: 3 },
    },
  };
}
