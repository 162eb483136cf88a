import { intervalMethod } from "../../stats/intervals.ts";
import { scoredPrompts } from "../table/columns.ts";
import { type Chart, type ChartRun, chartSpec, colourOf, rounded } from "./chart.ts";

const sizes = ["small", "medium", "large"] as const;
const meanings = { small: "small (up to 32² px)", medium: "medium (to 96² px)", large: "large" } as const;

/** For each prompts name: mean IoU of small, medium and large objects, with intervals. */
export function accuracyBySizeCharts(runs: readonly ChartRun[]): readonly Chart[] {
  return scoredPrompts(runs.map(({ report }) => report)).flatMap(({ name, protocol, shared }) => {
    const values = runs.flatMap(({ label, report }) => {
      const prompts = report.prompts[name];
      if (prompts?.protocol !== protocol) return [];
      return sizes.flatMap((size) => {
        const figure = prompts[size];
        if (figure === undefined) return [];
        const { value, low = value, high = value, n } = figure;
        const bounds = { low: rounded(100 * low), high: rounded(100 * high) };
        return [{ variant: label, size: meanings[size], miou: rounded(100 * value), ...bounds, n }];
      });
    });
    if (values.length === 0) return [];
    const colour = colourOf(runs, values);
    const x = {
      field: "size",
      type: "nominal",
      title: null,
      sort: Object.values(meanings),
      axis: { labelAngle: 0 },
    } as const;
    const xOffset = { field: "variant", sort: runs.map(({ label }) => label) } as const;
    const y = { field: "miou", type: "quantitative", title: "mIoU, %", scale: { zero: true } } as const;
    const figures = {
      name: "names",
      mark: { type: "text", align: "left", dx: 9, fontSize: 11 },
      encoding: { x, xOffset, y, text: { field: "miou", type: "quantitative", format: ".1f" } },
    } as const;
    const alt = values.map(({ variant, size, miou }) => `${variant}, ${size}: ${miou} %.`).join(" ");
    return [
      {
        id: `accuracy-size-${name}${shared ? `-${protocol}` : ""}`,
        title: `Accuracy by object size: ${name}`,
        caption: `mIoU (${protocol}) of objects by the area of their annotation; bars are 95 % intervals, a ${intervalMethod}.`,
        alt,
        spec: chartSpec(`Accuracy by object size, prompts ${name}. ${alt}`, undefined, {
          data: { values },
          layer: [
            {
              mark: { type: "rule", strokeWidth: 2 },
              encoding: { x, xOffset, y: { ...y, field: "low" }, y2: { field: "high" }, color: colour },
            },
            {
              mark: { type: "point", size: 110 },
              encoding: {
                ...{ x, xOffset, y, color: colour, shape: { ...colour } },
                tooltip: ["variant", "size", "miou", "low", "high", "n"].map((field) => ({ field })),
              },
            },
            // Beside more marks than two, figures would lie on the next one.
            ...(new Set(values.map(({ variant }) => variant)).size > 2 ? [] : [figures]),
          ],
        }),
        records: [
          ["variant", "size", "mIoU, %", "low", "high", "n"],
          ...values.map(({ variant, size, miou, low, high, n }) => [variant, size, miou, low, high, n]),
        ],
        touches: /^(images|dataset|run)$/,
      },
    ];
  });
}
