import type { Metric } from "../../../api.ts";
import { figureIn } from "../../../results/report.ts";
import { intervalMethod } from "../../../stats/intervals.ts";
import { metricsIn, type ScoredPrompts, scoredPrompts } from "../../table/columns/columns.ts";
import { type Chart, type ChartRun, chartSpec, colourOf, percentages } from "../chart.ts";

const defaults = {
  /** Bands of more variants lie over each other, and tell nothing. */
  banded: 4,
};

/** A metric whose figures go by the step of a target's prompts. */
type Stepped = Metric & Required<Pick<Metric, "bySteps">>;

/** A figure after so many clicks, in percent. */
interface Place {
  readonly variant: string;
  readonly clicks: number;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** Draws how the IoU follows the number of clicks, a chart for each prompts name that is clicked on. */
export function iouByClickCharts(runs: readonly ChartRun[]): readonly Chart[] {
  const reports = runs.map(({ report }) => report);
  const stepped = metricsIn(reports).filter((metric): metric is Stepped => metric.bySteps !== undefined);
  return stepped.flatMap((metric) =>
    scoredPrompts(reports).flatMap((prompts) => {
      const places = runs.flatMap((run) => placesOf(run, prompts, metric));
      return places.length === 0 ? [] : [chartOf(prompts, places, runs)];
    }),
  );
}

function placesOf({ label, report }: ChartRun, { name, protocol }: ScoredPrompts, { bySteps }: Stepped): Place[] {
  return bySteps.flatMap(({ id, step }) => {
    const figure = figureIn(report.prompts[name], protocol, id);
    return figure === undefined ? [] : [{ variant: label, clicks: step, ...percentages(figure), n: figure.n }];
  });
}

function chartOf(
  { name, protocol, shared }: ScoredPrompts,
  places: readonly Place[],
  runs: readonly ChartRun[],
): Chart {
  const most = Math.max(...places.map(({ clicks }) => clicks));
  const colour = colourOf(runs, places);
  const ticks = [1, ...Array.from({ length: Math.floor(most / 5) }, (_, i) => 5 * (i + 1))];
  const x = {
    field: "clicks",
    type: "quantitative" as const,
    title: "clicks",
    scale: { domain: [1, most], nice: false },
    axis: { values: ticks, format: "d" },
  };
  const y = { field: "accuracy", type: "quantitative", title: "mIoU, %", scale: { zero: false, nice: true } } as const;
  const ends = runs.flatMap(({ label }) => {
    const own = places.filter(({ variant }) => variant === label);
    const last = own.at(-1);
    if (last === undefined) return [];
    return [`${label}: ${own[0]!.accuracy} % after 1 click, ${last.accuracy} % after ${last.clicks}.`];
  });
  const alt = ends.join(" ");
  const banded = ends.length <= defaults.banded;
  const band = {
    mark: { type: "area" as const, opacity: 0.15 },
    encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color: colour },
  };
  const intervals = banded
    ? `bands are 95 % intervals, a ${intervalMethod}`
    : "`bench table --wide` has the 95 % intervals";
  return {
    id: `iou-by-click-${name}${shared ? `-${protocol}` : ""}`,
    title: `mIoU by click: ${name}`,
    panel: { name, protocol },
    caption: `Mean IoU after each click, over the same targets at every click; ${intervals}.`,
    alt,
    colours: "variants",
    spec: chartSpec(`Mean IoU by click, prompts ${name}. ${alt}`, undefined, {
      data: { values: [...places] },
      layer: [
        ...(banded ? [band] : []),
        { mark: { type: "line", strokeWidth: 2 }, encoding: { x, y, color: colour } },
        {
          mark: { type: "point", size: 40 },
          encoding: {
            x,
            y,
            color: colour,
            shape: { ...colour },
            tooltip: ["variant", "clicks", "accuracy", "low", "high", "n"].map((field) => ({ field })),
          },
        },
      ],
    }),
    records: [
      ["variant", "clicks", "mIoU, %", "low", "high", "n"],
      ...places.map(({ variant, clicks, accuracy, low, high, n }) => [variant, clicks, accuracy, low, high, n]),
    ],
    touches: /^(images|dataset|run)$/,
  };
}
