import { largest, latencySummary } from "../../stats/summary.ts";
import type { LatencyTurn } from "../../store/latency.ts";
import { type Chart, type ChartRun, chartSpec, colourOf, rounded } from "./chart.ts";

const samplesOf = {
  encode: ({ encodeMs }: LatencyTurn) => encodeMs,
  decode: ({ decodeMs }: LatencyTurn) => decodeMs,
} as const;

/** Draws every sample of encode and of decode, which a median alone would hide. */
export function latencyCharts(runs: readonly ChartRun[]): readonly Chart[] {
  return (["encode", "decode"] as const).flatMap((stage) => {
    const measured = runs.flatMap(({ label, turns }) => {
      const samples = turns.flatMap(samplesOf[stage]);
      const summary = latencySummary(samples);
      return summary === undefined ? [] : [{ label, samples, ...summary }];
    });
    return measured.length === 0 ? [] : [chartOf(stage, measured, runs)];
  });
}

interface Measured {
  readonly label: string;
  readonly samples: readonly number[];
  readonly median: number;
  readonly q1: number;
  readonly q3: number;
  readonly n: number;
}

function chartOf(stage: keyof typeof samplesOf, measured: readonly Measured[], runs: readonly ChartRun[]): Chart {
  const all = measured.flatMap(({ samples }) => samples);
  // Far apart, the fast ones would be one line at the left edge.
  const log = largest(all) > 20 * -largest(all.map((sample) => -sample));
  const x = {
    field: "ms",
    type: "quantitative",
    title: log ? "ms (log scale)" : "ms",
    scale: log ? { type: "log" as const, padding: 12 } : { zero: true },
    axis: { tickCount: { expr: "ceil(width / 80)" }, format: "~s" },
  } as const;
  const y = { field: "variant", type: "nominal", title: null, sort: measured.map(({ label }) => label) } as const;
  const colour = { ...colourOf(runs, []), legend: null };
  const alt = measured
    .map(
      ({ label, median, q1, q3 }) =>
        `${label}: median ${rounded(median)} ms, quartiles ${rounded(q1)} to ${rounded(q3)}.`,
    )
    .join(" ");
  const summaries = measured.map(({ label, median, q1, q3 }) => ({
    variant: label,
    ms: rounded(median, 3),
    q1: rounded(q1, 3),
    q3: rounded(q3, 3),
  }));
  const samples = measured.flatMap((each) => each.samples.map((ms) => ({ variant: each.label, ms: rounded(ms, 3) })));
  return {
    id: `latency-${stage}`,
    title: `Latency of ${stage}`,
    caption: `One tick a sample${stage === "decode" ? ", one box prompt each" : ", one image each"}; the bar spans the quartiles, the dot is the median.`,
    alt,
    colours: "own",
    spec: chartSpec(`Latency of ${stage}, every sample. ${alt}`, measured.length, {
      data: { values: summaries },
      layer: [
        {
          data: { values: samples },
          mark: { type: "tick", thickness: 1.5, fillOpacity: 0.45, bandSize: 22 },
          encoding: { x, y, color: colour, tooltip: [{ field: "variant" }, { field: "ms" }] },
        },
        {
          mark: { type: "rule", strokeWidth: 8, strokeOpacity: 0.55 },
          encoding: { x: { ...x, field: "q1" }, x2: { field: "q3" }, y, color: colour },
        },
        {
          mark: { type: "point", size: 90 },
          encoding: { x, y, color: colour, tooltip: ["variant", "ms", "q1", "q3"].map((field) => ({ field })) },
        },
      ],
    }),
    records: [
      ["variant", "median, ms", "first quartile", "third quartile", "n"],
      ...measured.map(({ label, median, q1, q3, n }) => [label, rounded(median, 3), rounded(q1, 3), rounded(q3, 3), n]),
    ],
    touches: new RegExp(`^latency$|${stage}$`),
  };
}
