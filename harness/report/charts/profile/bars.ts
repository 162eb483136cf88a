import { blue, type ChartSpec, ownChart, palette } from "../drawing/vega.ts";
import type { BarsPicture } from "./picture.ts";

/** Draws each block's time as a bar, and over it the time that its products would take at the rate which large products reach. */
export function profileBars({ title, subtitle, blocks }: BarsPicture): ChartSpec {
  const rows = blocks.map(({ name, timeMs, ofCeiling = 0, gmacsPerSecond }) => ({
    block: name,
    time: timeMs,
    least: timeMs * Math.min(1, ofCeiling),
    label: gmacsPerSecond === undefined ? "" : `${gmacsPerSecond.toFixed(0)} GMAC/s, ${(100 * ofCeiling).toFixed(0)} %`,
  }));
  const y = { field: "block", type: "nominal", sort: null, title: null, axis: { labelLimit: 360 } } as const;
  const time = { field: "time", type: "quantitative", title: "ms", axis: { grid: false, tickCount: 6 } } as const;
  const tooltip = [
    { field: "block", type: "nominal" },
    { field: "time", type: "quantitative", format: ".2f", title: "ms" },
    { field: "least", type: "quantitative", format: ".2f", title: "ms at the ceiling" },
  ] as const;
  return ownChart(
    { title, subtitle, width: 560, height: { step: 24 } },
    {
      data: { values: rows },
      layer: [
        {
          mark: { type: "bar", color: palette.above, height: { band: 0.7 } },
          encoding: { y, x: time, tooltip: [...tooltip] },
        },
        {
          mark: { type: "bar", color: blue, height: { band: 0.35 } },
          encoding: { y, x: { ...time, field: "least" }, tooltip: [...tooltip] },
        },
        {
          mark: { type: "text", align: "left", dx: 6, color: palette.muted },
          encoding: { y, x: time, text: { field: "label", type: "nominal" } },
        },
      ],
    },
  );
}
