import { intervalMethod } from "../../stats/intervals.ts";
import { scoredPrompts } from "../table/columns.ts";
import { type Chart, type ChartRun, chartSpec, rounded } from "./chart.ts";

interface Family {
  readonly method: string;
  readonly setting: string;
  readonly runs: readonly (ChartRun & { readonly value: number })[];
}

/** For each method that was run with several values of its setting on the same weights: how accuracy follows it, by prompts. */
export function accuracySettingCharts(runs: readonly ChartRun[]): readonly Chart[] {
  return familiesOf(runs).flatMap((family, i) => chartOf(family, i));
}

function familiesOf(runs: readonly ChartRun[]): readonly Family[] {
  const families = new Map<string, { method: string; setting: string; runs: (ChartRun & { value: number })[] }>();
  for (const run of runs) {
    const { variant, weights, dataset } = run.manifest;
    if (variant.setting === undefined) continue;
    const { name, value } = variant.setting;
    const key = [variant.title, name, weights.label, dataset.fingerprint].join("\n");
    const family = families.get(key) ?? { method: variant.title, setting: name, runs: [] };
    families.set(key, family);
    family.runs.push({ ...run, value });
  }
  return [...families.values()].filter((family) => new Set(family.runs.map(({ value }) => value)).size > 1);
}

function chartOf({ method, setting, runs }: Family, index: number): Chart[] {
  const places = scoredPrompts(runs.map(({ report }) => report)).flatMap(({ name, protocol, shared }) =>
    runs.flatMap(({ label, value, report }) => {
      const prompts = report.prompts[name];
      if (prompts?.miou === undefined || prompts.protocol !== protocol) return [];
      const { value: miou, low = miou, high = miou, n } = prompts.miou;
      return [
        {
          ...{ prompts: shared ? `${name}, ${protocol}` : name, variant: label, value, n },
          ...{ miou: rounded(100 * miou), low: rounded(100 * low), high: rounded(100 * high) },
        },
      ];
    }),
  );
  if (places.length === 0) return [];
  places.sort((a, b) => a.value - b.value);
  const distinct = <T>(values: readonly T[]) => [...new Set(values)];
  const x = {
    field: "value",
    type: "quantitative",
    title: setting,
    scale: { zero: false, nice: false, padding: 24 },
    axis: { values: distinct(places.map(({ value }) => value)), format: "~g" },
  } as const;
  const y = { field: "miou", type: "quantitative", title: "mIoU, %", scale: { zero: true } } as const;
  const domain = distinct(places.map(({ prompts }) => prompts));
  const color = { field: "prompts", type: "nominal", title: "prompts", scale: { domain } } as const;
  const alt = places.map(({ prompts, value, miou }) => `${prompts} at ${value}: ${miou} %.`).join(" ");
  return [
    {
      id: `accuracy-setting-${index}`,
      title: `Accuracy by setting: ${method}`,
      caption: `mIoU against the ${setting}; a point is a run, bars are 95 % intervals, a ${intervalMethod}.`,
      alt,
      spec: chartSpec(`Accuracy by setting, ${method}. ${alt}`, undefined, {
        data: { values: places },
        layer: [
          { mark: { type: "line", strokeWidth: 1.5 }, encoding: { x, y, color } },
          {
            mark: { type: "rule", strokeWidth: 2 },
            encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
          },
          {
            mark: { type: "point", size: 110 },
            encoding: {
              ...{ x, y, color, shape: { ...color } },
              tooltip: ["variant", "prompts", "value", "miou", "low", "high", "n"].map((field) => ({ field })),
            },
          },
        ],
      }),
      records: [
        ["variant", "prompts", setting, "mIoU, %", "low", "high", "n"],
        ...places.map(({ variant, prompts, value, miou, low, high, n }) => [
          ...[variant, prompts, value, miou, low, high, n],
        ]),
      ],
      touches: /^(images|dataset|run)$/,
    },
  ];
}
