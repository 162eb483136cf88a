import { largest } from "../../stats/summary.ts";
import { type Chart, type ChartRun, chartSpec, rounded } from "./chart.ts";

const stages = ["load", "encode", "decode"] as const;

/** Draws the peak memory of a process that holds one model and one photo, while it loads, encodes and decodes. */
export function memoryCharts(runs: readonly ChartRun[]): readonly Chart[] {
  const measured = runs.flatMap(({ label, report: { modelMemory: memory } }) =>
    memory === undefined ? [] : [{ label, memory }],
  );
  if (measured.length === 0) return [];
  const values = measured.flatMap(({ label, memory }) =>
    stages.map((stage) => ({ variant: label, stage, mb: rounded(memory[stage] / 1e6, 1) })),
  );
  const peaks = measured.map(({ label, memory }) => ({
    variant: label,
    mb: rounded(Math.max(...stages.map((stage) => memory[stage])) / 1e6, 1),
  }));
  const y = { field: "variant", type: "nominal", title: null, sort: measured.map(({ label }) => label) } as const;
  const x = {
    field: "mb",
    type: "quantitative",
    title: "peak resident memory, MB",
    // Room for the figure behind the longest bar.
    scale: {
      domainMin: 0,
      domainMax: { expr: `${largest(peaks.map(({ mb }) => mb))} * width / (width - 48)` },
      nice: false,
    },
    axis: { tickCount: { expr: "ceil(width / 90)" } },
  } as const;
  const stage = {
    field: "stage",
    type: "nominal",
    scale: { domain: [...stages] },
    legend: { title: null, columns: 3 },
  } as const;
  const alt = measured
    .map(
      ({ label, memory }) =>
        `${label}: ${stages.map((stage) => `${stage} ${rounded(memory[stage] / 1e6, 0)} MB`).join(", ")}.`,
    )
    .join(" ");
  return [
    {
      id: "memory",
      title: "Memory by stage",
      caption:
        "The bar is the highest resident set, the marks are that of each stage, of a process that holds the model and one photo alone, Node and the runtime included; MB = 10^6 bytes.",
      alt,
      colours: "own",
      spec: chartSpec(`Peak memory by stage. ${alt}`, 0.75 * measured.length, {
        data: { values },
        layer: [
          {
            data: { values: peaks },
            mark: { type: "bar", cornerRadiusEnd: 2, height: { band: 0.7 }, style: "plain-bar" },
            encoding: { x, y },
          },
          {
            mark: { type: "point", size: 55 },
            encoding: {
              x,
              y,
              color: stage,
              shape: stage,
              tooltip: ["variant", "stage", "mb"].map((field) => ({ field })),
            },
          },
          {
            data: { values: peaks },
            mark: { type: "text", align: "left", dx: 9, fontSize: 11 },
            encoding: { x, y, text: { field: "mb", type: "quantitative", format: ",.0f" } },
          },
        ],
      }),
      records: [
        ["variant", ...stages.map((stage) => `${stage}, MB`)],
        ...measured.map(({ label, memory }) => [label, ...stages.map((stage) => rounded(memory[stage] / 1e6, 1))]),
      ],
      touches: /^memory$/,
    },
  ];
}
