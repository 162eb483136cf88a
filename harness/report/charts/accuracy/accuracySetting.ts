import { figureIn } from "../../../results/report.ts";
import { intervalMethod } from "../../../stats/intervals.ts";
import { processor, providerParts, rowName, rowNameParts } from "../../../store/rowName.ts";
import { scoredPrompts } from "../../table/columns/columns.ts";
import { type Chart, type ChartRun, chartSpec, type DrawnMetric, drawnMetrics, percentages } from "../chart.ts";

interface Family {
  readonly method: string;
  readonly setting: string;
  readonly runs: readonly (ChartRun & { readonly value: number })[];
}

/**
 * Draws how accuracy follows the setting of a method, for each method that was run with several values of it on the same
 * weights.
 */
export function accuracySettingCharts(runs: readonly ChartRun[]): readonly Chart[] {
  const drawn = drawnMetrics(runs);
  return familiesOf(runs).flatMap((family, i) => drawn.flatMap((metric) => chartOf(family, i, metric)));
}

function familiesOf(runs: readonly ChartRun[]): readonly Family[] {
  const families = new Map<string, { method: string; setting: string; runs: (ChartRun & { value: number })[] }>();
  for (const run of runs) {
    const { variant, weights, dataset, runtime } = run.manifest;
    if (variant.setting === undefined) continue;
    const { name, value } = variant.setting;
    const method = methodOf(run);
    const key = [method, name, weights.label, weights.sha256 ?? "", dataset.fingerprint, runtime.provider].join("\n");
    const family = families.get(key) ?? { method, setting: name, runs: [] };
    families.set(key, family);
    family.runs.push({ ...run, value });
  }
  return [...families.values()].filter((family) => new Set(family.runs.map(({ value }) => value)).size > 1);
}

/** Names the method, the checkpoint that it runs on where that has a name of its own, and any other provider than the processor. */
function methodOf({ manifest }: ChartRun): string {
  const { title, name } = manifest.variant;
  const { provider } = providerParts(rowName(manifest));
  const own = name === undefined ? undefined : rowNameParts(name)?.own;
  return [title, own, provider === processor ? undefined : provider].filter((part) => part !== undefined).join(", ");
}

function chartOf(
  { method, setting, runs }: Family,
  index: number,
  { metric, title, field, suffix }: DrawnMetric,
): Chart[] {
  const places = scoredPrompts(runs.map(({ report }) => report)).flatMap(({ name, protocol, shared }) =>
    runs.flatMap(({ label, value, report }) => {
      const figure = figureIn(report.prompts[name], protocol, metric.headline);
      if (figure === undefined) return [];
      const prompts = shared ? `${name}, ${protocol}` : name;
      return [{ prompts, variant: label, value, n: figure.n, ...percentages(figure) }];
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
  const y = { field, type: "quantitative", title: `${title}, %`, scale: { zero: true } } as const;
  const domain = distinct(places.map(({ prompts }) => prompts));
  const color = { field: "prompts", type: "nominal", title: "prompts", scale: { domain } } as const;
  const alt = places.map(({ prompts, value, accuracy }) => `${prompts} at ${value}: ${accuracy} %.`).join(" ");
  return [
    {
      id: `accuracy-setting-${index}${suffix}`,
      title: `Accuracy by setting: ${method}${suffix === "" ? "" : `, ${title}`}`,
      caption: `${title} against the ${setting}; a point is a run, bars are 95 % intervals, a ${intervalMethod}.`,
      alt,
      colours: "own",
      spec: chartSpec(`Accuracy by setting, ${method}. ${alt}`, undefined, {
        data: {
          values: places.map(({ accuracy, low, high, ...place }) => ({ ...place, [field]: accuracy, low, high })),
        },
        layer: [
          { mark: { type: "line", strokeWidth: 1.5 }, encoding: { x, y, color } },
          {
            mark: { type: "rule", strokeWidth: 2 },
            encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
          },
          {
            mark: { type: "point", size: 110 },
            encoding: {
              x,
              y,
              color,
              shape: { ...color },
              tooltip: ["variant", "prompts", "value", field, "low", "high", "n"].map((field) => ({ field })),
            },
          },
        ],
      }),
      records: [
        ["variant", "prompts", setting, `${title}, %`, "low", "high", "n"],
        ...places.map((place) => [
          place.variant,
          place.prompts,
          place.value,
          place.accuracy,
          place.low,
          place.high,
          place.n,
        ]),
      ],
      touches: /^(images|dataset|run)$/,
    },
  ];
}
