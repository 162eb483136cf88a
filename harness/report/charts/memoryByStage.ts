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
  const y = { field: "variant", type: "nominal", title: null, sort: measured.map(({ label }) => label) } as const;
  const offset: { field: string; sort: string[] } = { field: "stage", sort: [...stages] };
  const x = {
    field: "mb",
    type: "quantitative",
    title: "peak resident memory, MB",
    scale: { zero: true },
    axis: { tickCount: 6 },
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
        "The highest resident set, during each stage, of a process that holds the model and one photo alone, Node and the runtime included; MB = 10⁶ bytes.",
      alt,
      spec: chartSpec(`Peak memory by stage. ${alt}`, 1.6 * measured.length, {
        data: { values },
        layer: [
          {
            mark: { type: "bar", cornerRadiusEnd: 2 },
            encoding: {
              x,
              y,
              yOffset: offset,
              color: { field: "stage", type: "nominal", scale: { domain: [...stages] }, legend: { title: null } },
              tooltip: ["variant", "stage", "mb"].map((field) => ({ field })),
            },
          },
          {
            mark: { type: "text", align: "left", dx: 5, fontSize: 11 },
            encoding: { x, y, yOffset: offset, text: { field: "mb", type: "quantitative", format: ",.0f" } },
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
