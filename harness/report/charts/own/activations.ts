import { blue, type ChartSpec, ownChart, palette } from "../drawing/vega.ts";

interface ActivationRow {
  readonly layer: string;
  readonly min: number;
  readonly max: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Draws the ranges of values that enter each layer: a thin line from the smallest to the largest value, a thick one over
 * the middle 99.9 %.
 */
export function activationChart(title: string, subtitle: string, rows: readonly ActivationRow[]): ChartSpec {
  const y = { field: "layer", type: "nominal", sort: null, title: null, axis: { labelLimit: 320 } } as const;
  const value = { type: "quantitative", title: "value" } as const;
  return ownChart(
    { title, subtitle, width: 460, height: { step: 14 } },
    {
      data: { values: [...rows] },
      layer: [
        {
          mark: { type: "rule", color: palette.muted },
          encoding: { y, x: { field: "min", ...value }, x2: { field: "max" } },
        },
        {
          mark: { type: "rule", color: blue, strokeWidth: 5 },
          encoding: { y, x: { field: "low", ...value }, x2: { field: "high" } },
        },
      ],
    },
  );
}
