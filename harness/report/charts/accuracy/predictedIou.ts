import { scoredPrompts } from "../../table/columns/columns.ts";
import { type Chart, type ChartRun, chartSpec, colourOf, rounded } from "../chart.ts";

/** Draws the IoU that a variant predicts against the IoU that is measured, a chart for each prompts name. */
export function predictedIouCharts(runs: readonly ChartRun[]): readonly Chart[] {
  return scoredPrompts(runs.map(({ report }) => report)).flatMap(({ name, protocol, shared }) => {
    const values = runs.flatMap(({ label, report, reliability }) =>
      report.prompts[name]?.protocol !== protocol
        ? []
        : (reliability[name] ?? []).flatMap(({ predictedIou, iou, n }) =>
            predictedIou === undefined || iou === undefined
              ? []
              : [{ variant: label, predicted: rounded(predictedIou, 4), measured: rounded(iou, 4), n }],
          ),
    );
    if (values.length === 0) return [];
    const colour = colourOf(runs, values);
    const scale = { domain: [0, 1] };
    const x = { field: "predicted", type: "quantitative", title: "predicted IoU, mean of the bin", scale } as const;
    const y = { field: "measured", type: "quantitative", title: "measured IoU, mean of the bin", scale } as const;
    const alt = values
      .map(
        ({ variant, predicted, measured, n }) =>
          `${variant}: predicted ${rounded(predicted)}, measured ${rounded(measured)} (${n} masks).`,
      )
      .join(" ");
    return [
      {
        id: `predicted-iou-${name}${shared ? `-${protocol}` : ""}`,
        title: `Predicted against measured IoU: ${name}`,
        panel: { name, protocol },
        caption: `Masks in ten bins of predicted IoU; larger dots stand for more masks. On the dashed line a variant knows how good it is, below it believes too much.`,
        alt,
        colours: "variants",
        spec: chartSpec(`Predicted against measured IoU, prompts ${name}. ${alt}`, undefined, {
          data: { values },
          layer: [
            {
              data: {
                values: [
                  { predicted: 0, measured: 0 },
                  { predicted: 1, measured: 1 },
                ],
              },
              mark: { type: "line", strokeDash: [5, 4], style: "faint", strokeWidth: 1 },
              encoding: { x, y },
            },
            { mark: { type: "line", strokeWidth: 2 }, encoding: { x, y, color: colour } },
            {
              mark: { type: "point" },
              encoding: {
                x,
                y,
                color: colour,
                shape: { ...colour },
                size: { field: "n", type: "quantitative", scale: { type: "sqrt", range: [30, 300] }, legend: null },
                tooltip: ["variant", "predicted", "measured", "n"].map((field) => ({ field })),
              },
            },
          ],
        }),
        records: [
          ["variant", "predicted IoU", "measured IoU", "n"],
          ...values.map(({ variant, predicted, measured, n }) => [variant, predicted, measured, n]),
        ],
        touches: /^(images|dataset|run)$/,
      },
    ];
  });
}
