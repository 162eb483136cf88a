import { blue, type ChartSpec, ownChart, palette, vermilion } from "../drawing/vega.ts";

interface SearchPoint {
  readonly id: string;
  /** Encode time over that of the whole encoder. */
  readonly latency: number;
  /** Mean IoU, a fraction. */
  readonly fitness: number;
  /** Tells whether no faster configuration is as good. */
  readonly front: boolean;
}

export interface SearchPicture {
  readonly title: string;
  readonly subtitle: string;
  readonly points: readonly SearchPoint[];
  /** Named points: the winner, the uniform one, the whole encoder. */
  readonly named: readonly (Omit<SearchPoint, "front"> & { readonly name: string })[];
}

/** Draws mean IoU against latency: every configuration tried, the Pareto front, and the named configurations. */
export function searchChart({ title, subtitle, points, named }: SearchPicture): ChartSpec {
  const latency = { field: "latency", type: "quantitative", title: "encode time over the whole encoder's" } as const;
  const fitness = { field: "percent", type: "quantitative", title: "mIoU, %" } as const;
  const zoomed = { x: { ...latency, scale: { zero: false } }, y: { ...fitness, scale: { zero: false } } } as const;
  const rows = points.map((point) => ({ ...point, percent: 100 * point.fitness }));
  const labels = named.map((point) => ({ ...point, percent: 100 * point.fitness }));
  const front = rows.filter((point) => point.front);
  const tooltip = [
    { field: "id", type: "nominal" },
    { field: "latency", type: "quantitative", format: ".3f" },
    { field: "percent", type: "quantitative", format: ".2f" },
  ] as const;
  return ownChart(
    { title, subtitle, width: 520, height: 340 },
    {
      layer: [
        {
          data: { values: rows },
          mark: { type: "point", filled: true, size: 28, color: palette.muted, opacity: 0.55 },
          encoding: { ...zoomed, tooltip: [...tooltip] },
        },
        {
          data: { values: front },
          mark: { type: "line", color: blue, interpolate: "step-after", point: { color: blue, size: 36 } },
          encoding: { ...zoomed, tooltip: [...tooltip] },
        },
        {
          data: { values: labels },
          mark: { type: "point", filled: true, size: 80, color: vermilion },
          encoding: { ...zoomed, tooltip: [...tooltip] },
        },
        {
          data: { values: labels },
          mark: { type: "text", align: "right", dx: -8, dy: -8, color: palette.text },
          encoding: { ...zoomed, text: { field: "name", type: "nominal" } },
        },
      ],
    },
  );
}
