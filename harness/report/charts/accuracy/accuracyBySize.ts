import { figureIn } from "../../../results/report.ts";
import { intervalMethod } from "../../../stats/intervals.ts";
import { scoredPrompts } from "../../table/columns/columns.ts";
import {
  type Chart,
  type ChartRun,
  chartSpec,
  colourOf,
  type DrawnMetric,
  drawnMetrics,
  percentages,
} from "../chart.ts";

/**
 * Draws the figures of small, medium and large objects with their intervals: a chart for each metric with parts and each
 * prompts name.
 */
export function accuracyBySizeCharts(runs: readonly ChartRun[]): readonly Chart[] {
  return drawnMetrics(runs).flatMap((drawn) => chartsOf(drawn, runs));
}

function chartsOf({ metric, title, field, suffix }: DrawnMetric, runs: readonly ChartRun[]): readonly Chart[] {
  const { parts = [] } = metric;
  return scoredPrompts(runs.map(({ report }) => report)).flatMap(({ name, protocol, shared }) => {
    const values = runs.flatMap(({ label, report }) =>
      parts.flatMap(({ id, meaning }) => {
        const figure = figureIn(report.prompts[name], protocol, id);
        if (figure === undefined) return [];
        return [{ variant: label, size: meaning, ...percentages(figure), n: figure.n }];
      }),
    );
    if (values.length === 0) return [];
    const colour = colourOf(runs, values);
    const x = {
      field: "size",
      type: "nominal",
      title: null,
      sort: parts.map(({ meaning }) => meaning),
      // The bounds stand in a second line, so that three sizes have room in a narrow chart.
      axis: { labelAngle: 0, labelExpr: "split(replace(datum.label, ' (', '|('), '|')" },
    } as const;
    const xOffset = { field: "variant", sort: runs.map(({ label }) => label) } as const;
    const y = { field, type: "quantitative", title: `${title}, %`, scale: { zero: true } } as const;
    const figures = {
      name: "names",
      mark: { type: "text", align: "left", dx: 9, fontSize: 11 },
      encoding: { x, xOffset, y, text: { field, type: "quantitative", format: ".1f" } },
    } as const;
    const alt = values.map(({ variant, size, accuracy }) => `${variant}, ${size}: ${accuracy} %.`).join(" ");
    return [
      {
        id: `accuracy-size-${name}${shared ? `-${protocol}` : ""}${suffix}`,
        title: `Accuracy by object size: ${name}${suffix === "" ? "" : `, ${title}`}`,
        panel: { name: `${name}${suffix === "" ? "" : `, ${title}`}`, protocol },
        caption: `${title} of objects by the area of their annotation; bars are 95 % intervals, a ${intervalMethod}.`,
        alt,
        colours: "variants",
        spec: chartSpec(`Accuracy by object size, prompts ${name}. ${alt}`, undefined, {
          data: {
            values: values.map(({ variant, size, accuracy, low, high, n }) => ({
              variant,
              size,
              [field]: accuracy,
              low,
              high,
              n,
            })),
          },
          layer: [
            {
              mark: { type: "rule", strokeWidth: 2 },
              encoding: { x, xOffset, y: { ...y, field: "low" }, y2: { field: "high" }, color: colour },
            },
            {
              mark: { type: "point", size: 110 },
              encoding: {
                x,
                xOffset,
                y,
                color: colour,
                shape: { ...colour },
                tooltip: ["variant", "size", field, "low", "high", "n"].map((field) => ({ field })),
              },
            },
            // Beside more marks than two, figures would lie on the next one.
            ...(new Set(values.map(({ variant }) => variant)).size > 2 ? [] : [figures]),
          ],
        }),
        records: [
          ["variant", "size", `${title}, %`, "low", "high", "n"],
          ...values.map(({ variant, size, accuracy, low, high, n }) => [variant, size, accuracy, low, high, n]),
        ],
        touches: /^(images|dataset|run)$/,
      },
    ];
  });
}
