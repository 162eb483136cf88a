import { figureIn } from "../../results/report.ts";
import { type ScoredPrompts, scoredPrompts, totalMs } from "../table/columns.ts";
import {
  type Chart,
  type ChartRun,
  chartSpec,
  colourOf,
  type DrawnMetric,
  drawnMetrics,
  percentages,
  rounded,
} from "./chart.ts";

interface Place {
  readonly variant: string;
  readonly ms: number;
  readonly q1: number;
  readonly q3: number;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly front: boolean;
}

/** Headline of a drawn metric under one prompts name. */
type DrawnFigure = ScoredPrompts & DrawnMetric;

/**
 * Draws accuracy against latency, a chart for each drawn metric and prompts name. A line joins the variants that no other
 * beats in both.
 */
export function accuracyLatencyCharts(runs: readonly ChartRun[]): readonly Chart[] {
  return drawnMetrics(runs).flatMap((drawn) =>
    scoredPrompts(runs.map(({ report }) => report)).flatMap((prompts) => {
      const figure: DrawnFigure = { ...prompts, ...drawn };
      const places = withFront(
        runs.flatMap((run) => placeOf(run, figure)),
        figure,
      );
      return places.length === 0 ? [] : [chartOf(figure, places, floorsOf(runs, figure), runs)];
    }),
  );
}

function placeOf({ label, report }: ChartRun, { name, protocol, metric }: DrawnFigure): Omit<Place, "front">[] {
  const { encode, decode } = report.latency;
  const figure = figureIn(report.prompts[name], protocol, metric.headline);
  const ms = totalMs(report);
  if (figure === undefined || ms === undefined) return [];
  return [
    {
      variant: label,
      ms: rounded(ms, 3),
      q1: rounded(encode!.q1 + decode!.q1, 3),
      q3: rounded(encode!.q3 + decode!.q3, 3),
      ...percentages(figure),
    },
  ];
}

/** A line across the chart for a variant that has an accuracy and no latency. */
interface Floor {
  readonly name: string;
  readonly accuracy: number;
}

function floorsOf(runs: readonly ChartRun[], { name, protocol, metric }: DrawnFigure): readonly Floor[] {
  return runs.flatMap(({ report }) => {
    const figure = figureIn(report.prompts[name], protocol, metric.headline);
    if (report.role !== "floor" || figure === undefined) return [];
    return [{ name: `floor: ${report.title}`, accuracy: rounded(100 * figure.value) }];
  });
}

/**
 * Marks the variants of the Pareto front: no other variant is at least as fast and as good, and better in one of the two.
 */
function withFront(places: readonly Omit<Place, "front">[], drawn: DrawnMetric): readonly Place[] {
  return places.map((place) => ({
    ...place,
    front: !places.some(
      (other) =>
        other !== place &&
        other.ms <= place.ms &&
        gain(drawn, place, other) >= 0 &&
        (other.ms < place.ms || gain(drawn, place, other) > 0),
    ),
  }));
}

/** Returns how much better B is than A: the difference has the sign of the metric's better direction. */
function gain({ metric }: DrawnMetric, a: Pick<Place, "accuracy">, b: Pick<Place, "accuracy">): number {
  return metric.better === "higher" ? b.accuracy - a.accuracy : a.accuracy - b.accuracy;
}

/** Rough share of the plot's width that a letter of a name takes, and of its height that a line takes. */
const letter = 1 / 90;
const line = 1 / 18;

/** Returns the names that overlap no name written before them, best variant first; the legend has all of them. */
function namesWithRoom(places: readonly Place[], drawn: DrawnMetric): readonly string[] {
  const span = (values: readonly number[]) => Math.max(...values) - Math.min(...values) || 1;
  const widthMs = span(places.flatMap(({ q1, q3 }) => [Math.log(q1), Math.log(q3)]));
  const height = span(places.flatMap(({ low, high }) => [low, high]));
  const written: Place[] = [];
  for (const place of [...places].sort((a, b) => gain(drawn, a, b) || a.ms - b.ms)) {
    const overlaps = written.some((other) => {
      const [left, right] = place.ms <= other.ms ? [place, other] : [other, place];
      const apart = Math.log(right.ms / left.ms) / widthMs;
      return apart < left.variant.length * letter && Math.abs(left.accuracy - right.accuracy) / height < line;
    });
    if (!overlaps) written.push(place);
  }
  return written.map(({ variant }) => variant);
}

function chartOf(
  figure: DrawnFigure,
  places: readonly Place[],
  floors: readonly Floor[],
  runs: readonly ChartRun[],
): Chart {
  const { name, protocol, shared, metric, title, field, suffix } = figure;
  const y = {
    field,
    type: "quantitative",
    title: `${title}, ${name}, %`,
    scale: { zero: false, padding: 24 },
  } as const;
  const x = {
    field: "ms",
    type: "quantitative",
    title: "encode + decode, ms (log scale)",
    scale: { type: "log", nice: false, padding: 48 },
    axis: { tickCount: 6, format: "~s" },
  } as const;
  const colour = colourOf(runs, places);
  const best = [...places].sort((a, b) => gain(figure, a, b))[0]!;
  const fastest = [...places].sort((a, b) => a.ms - b.ms)[0]!;
  const lines = floors.map((floor) => ` ${floor.name}: ${floor.accuracy} %.`).join("");
  const alt = `${places.length} variants. Best ${title}: ${best.variant}, ${best.accuracy} %. Fastest: ${fastest.variant}, ${fastest.ms} ms.${lines}`;
  const below = floors.length === 0 ? "" : " The dotted line is what needs no model.";
  return {
    id: `accuracy-latency-${name}${shared ? `-${protocol}` : ""}${suffix}`,
    title: `Accuracy against latency: ${name}${suffix === "" ? "" : `, ${title}`}`,
    caption: `${metric.better === "higher" ? "Up" : "Down"} and to the left is better. Bars: 95 % interval of ${title} (${protocol}) and quartiles of latency. The line joins the Pareto front: variants that no other beats in both.${below}`,
    alt,
    spec: chartSpec(`Accuracy against latency, prompts ${name}. ${alt}`, undefined, {
      data: { values: places.map((place) => recordOf(place, field)) },
      layer: [
        ...floors.map((floor) => floorLayer(floor, y)),
        {
          transform: [{ filter: "datum.front" }],
          mark: { type: "line", interpolate: "step-after", strokeDash: [5, 4], style: "faint" },
          encoding: { x, y, order: { field: "ms", type: "quantitative" } },
        },
        {
          mark: { type: "rule", strokeWidth: 1.5 },
          encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color: colour },
        },
        {
          mark: { type: "rule", strokeWidth: 1.5 },
          encoding: { x: { ...x, field: "q1" }, x2: { field: "q3" }, y, color: colour },
        },
        {
          mark: { type: "point", size: 120 },
          encoding: {
            x,
            y,
            color: colour,
            shape: { ...colour },
            tooltip: ["variant", field, "low", "high", "ms", "q1", "q3"].map((field) => ({ field })),
          },
        },
        {
          name: "names",
          transform: [{ filter: { field: "variant", oneOf: [...namesWithRoom(places, figure)] } }],
          mark: { type: "text", align: "left", dx: 10, dy: -10 },
          encoding: { x, y, text: { field: "variant" } },
        },
      ],
    }),
    records: [
      ["variant", `${title}, %`, "low", "high", "ms", "first quartile", "third quartile", "Pareto front"],
      ...places.map(({ variant, accuracy, low, high, ms, q1, q3, front }) => [
        ...[variant, accuracy, low, high, ms, q1, q3],
        front ? "yes" : "no",
      ]),
      ...floors.map((floor) => [floor.name, floor.accuracy, "", "", "", "", "", ""]),
    ],
    touches: /^(latency|images|dataset|run)$|(encode|decode)$/,
  };
}

/** Returns a place as the chart's data hold it, its accuracy under the name of the figure. */
function recordOf({ variant, ms, q1, q3, accuracy, low, high, front }: Place, field: string) {
  return { variant, ms, q1, q3, [field]: accuracy, low, high, front };
}

/** Returns the layer of a floor: a line across the whole width with its name at the left end. */
function floorLayer<Y extends { readonly field: string }>({ name: floor, accuracy }: Floor, y: Y) {
  const name = { align: "left", baseline: "bottom", dx: 6, dy: -3, fontSize: 11 } as const;
  return {
    data: { values: [{ name: floor, [y.field]: accuracy }] },
    layer: [
      { mark: { type: "rule" as const, strokeDash: [2, 3], strokeWidth: 1.5 }, encoding: { y } },
      { mark: { type: "text" as const, ...name }, encoding: { y, x: { value: 0 }, text: { field: "name" } } },
    ],
  };
}
