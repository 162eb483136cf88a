import { largest } from "../../stats/summary.ts";
import { threeDigits } from "../table/intervalText.ts";
import { type Chart, type ChartSpec, chartSpec, rounded } from "./chart.ts";

/** Time of each stage of one variant, in the chart's unit, in the order of its stages; absent where it was not measured. */
export interface StagedVariant {
  readonly label: string;
  readonly stages: readonly (number | undefined)[];
  /** Time of each image after these stages; it is written behind their sum. */
  readonly steady?: number | undefined;
}

/** Says what stands around the bars. */
interface BarsText extends Pick<Chart, "id" | "title" | "caption" | "touches"> {
  readonly stages: readonly string[];
  readonly unit: "ms" | "s";
  /** Title of the axis. */
  readonly axis: string;
}

/** Pixels behind the longest bar that its figures take. */
const room = { alone: 56, withSteady: 112 };

/** Draws one bar for each variant, which is made of its stages; their sum stands behind it. */
export function stageBars(variants: readonly StagedVariant[], text: BarsText): Chart {
  const { stages, unit, axis, ...named } = text;
  const hasSteady = variants.some(({ steady }) => steady !== undefined);
  const columns = hasSteady ? [...stages, "steady"] : stages;
  const rows = variants.map(({ label, stages: own, steady }) => ({ label, times: hasSteady ? [...own, steady] : own }));
  const told = (value: number | undefined) => (value === undefined ? "–" : `${threeDigits(value)} ${unit}`);
  const alt = rows
    .map(({ label, times }) => `${label}: ${columns.map((column, i) => `${column} ${told(times[i])}`).join(", ")}.`)
    .join(" ");
  const cell = (value: number | undefined) => (value === undefined ? "" : rounded(value, 3));
  return {
    ...named,
    alt,
    colours: "own",
    spec: barsSpec(variants, { ...text, alt, room: hasSteady ? room.withSteady : room.alone }),
    records: [
      ["variant", ...columns.map((column) => `${column}, ${unit}`)],
      ...rows.map(({ label, times }) => [label, ...times.map(cell)]),
    ],
  };
}

interface Drawn extends BarsText {
  readonly alt: string;
  readonly room: number;
}

function barsSpec(variants: readonly StagedVariant[], { stages, axis, title, alt, ...text }: Drawn): ChartSpec {
  // A difference of two measurements may be below 0, which is no length.
  const lengthOf = (value: number | undefined) => rounded(Math.max(0, value ?? 0), 3);
  const values = variants.flatMap(({ label, stages: own }) =>
    own.map((value, place) => ({ variant: label, stage: stages[place]!, place, time: lengthOf(value) })),
  );
  const sums = variants.map(({ label, stages: own, steady }) => {
    const time = own.reduce<number>((sum, value) => sum + lengthOf(value), 0);
    const then = steady === undefined ? "" : `, then ${threeDigits(steady)}`;
    return { variant: label, time: rounded(time, 3), figures: `${threeDigits(time)}${then}` };
  });
  const y = { field: "variant", type: "nominal", title: null, sort: variants.map(({ label }) => label) } as const;
  const longest = largest(sums.map(({ time }) => time));
  const x = {
    field: "time",
    type: "quantitative",
    title: axis,
    scale: { domainMin: 0, domainMax: { expr: `${longest} * width / (width - ${text.room})` }, nice: false },
    axis: { tickCount: { expr: "ceil(width / 90)" } },
  } as const;
  const legend = { title: null, columns: 4 };
  const color = { field: "stage", type: "nominal", scale: { domain: [...stages] }, legend } as const;
  const tooltip = ["variant", "stage", "time"].map((field) => ({ field }));
  return chartSpec(`${title}. ${alt}`, 0.75 * variants.length, {
    data: { values },
    layer: [
      {
        mark: { type: "bar", height: { band: 0.7 } },
        encoding: { x: { ...x, stack: "zero" }, y, color, order: { field: "place" }, tooltip },
      },
      {
        data: { values: sums },
        mark: { type: "text", align: "left", dx: 6, fontSize: 11 },
        encoding: { x, y, text: { field: "figures" } },
      },
    ],
  });
}
