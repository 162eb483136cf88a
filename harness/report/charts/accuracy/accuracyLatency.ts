import { figureIn } from "../../../results/report.ts";
import { type ScoredPrompts, scoredPrompts, totalMs } from "../../table/columns/columns.ts";
import { type Chart, type ChartRun, colourOf, type DrawnMetric, drawnMetrics, percentages, rounded } from "../chart.ts";
import type { Floor, Place } from "./accuracyLatencyNames.ts";
import { accuracyLatencySpec } from "./accuracyLatencySpec.ts";

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

function chartOf(
  figure: DrawnFigure,
  places: readonly Place[],
  floors: readonly Floor[],
  runs: readonly ChartRun[],
): Chart {
  const { name, protocol, shared, metric, title, field, suffix } = figure;
  const best = [...places].sort((a, b) => gain(figure, a, b))[0]!;
  const fastest = [...places].sort((a, b) => a.ms - b.ms)[0]!;
  const lines = floors.map((floor) => ` ${floor.name}: ${floor.accuracy} %.`).join("");
  const alt = `${places.length} variants. Best ${title}: ${best.variant}, ${best.accuracy} %. Fastest: ${fastest.variant}, ${fastest.ms} ms.${lines}`;
  const below = floors.length === 0 ? "" : " The dotted line is what needs no model.";
  const drawing = {
    description: `Accuracy against latency, prompts ${name}. ${alt}`,
    title: `${title}, ${name}, %`,
    field,
    // The front has its names first, then whoever is better.
    places: [...places].sort((a, b) => Number(b.front) - Number(a.front) || gain(figure, a, b) || a.ms - b.ms),
    floors,
    colour: colourOf(runs, places),
  };
  return {
    id: `accuracy-latency-${name}${shared ? `-${protocol}` : ""}${suffix}`,
    title: `Accuracy against latency: ${name}${suffix === "" ? "" : `, ${title}`}`,
    panel: { name: `${name}${suffix === "" ? "" : `, ${title}`}`, protocol },
    caption: `${metric.better === "higher" ? "Up" : "Down"} and to the left is better. Bars: 95 % interval of ${title} and quartiles of latency. The dashed line joins the Pareto front: variants that no other beats in both.${below}`,
    alt,
    colours: "variants",
    spec: accuracyLatencySpec(drawing, "alone"),
    narrow: accuracyLatencySpec(drawing, "panel"),
    records: [
      ["variant", `${title}, %`, "low", "high", "ms", "first quartile", "third quartile", "Pareto front"],
      ...places.map(({ variant, accuracy, low, high, ms, q1, q3, front }) => [
        ...[variant, accuracy, low, high, ms, q1, q3],
        front ? "yes" : "no",
      ]),
      ...floors.map((floor) => [floor.name, floor.accuracy, "", "", "", "", "", ""]),
    ],
    touches: /^(latency|images|dataset|run)$|(encode|decode|total)$/,
  };
}
