import { type ScoredPrompts, scoredPrompts, totalMs } from "../table/columns.ts";
import { type Chart, type ChartRun, chartSpec, colourOf, rounded } from "./chart.ts";

interface Place {
  readonly variant: string;
  readonly ms: number;
  readonly q1: number;
  readonly q3: number;
  readonly miou: number;
  readonly low: number;
  readonly high: number;
  readonly front: boolean;
}

/** For each prompts name: how good against how fast, and which variants nobody beats in both. */
export function accuracyLatencyCharts(runs: readonly ChartRun[]): readonly Chart[] {
  return scoredPrompts(runs.map(({ report }) => report)).flatMap((prompts) => {
    const places = withFront(runs.flatMap((run) => placeOf(run, prompts)));
    return places.length === 0 ? [] : [chartOf(prompts, places, floorsOf(runs, prompts), runs)];
  });
}

function placeOf({ label, report }: ChartRun, { name, protocol }: ScoredPrompts): Omit<Place, "front">[] {
  const { encode, decode } = report.latency;
  const prompts = report.prompts[name];
  const ms = totalMs(report);
  if (prompts?.miou === undefined || prompts.protocol !== protocol || ms === undefined) return [];
  const { value, low = value, high = value } = prompts.miou;
  return [
    {
      ...{
        variant: label,
        ms: rounded(ms, 3),
        q1: rounded(encode!.q1 + decode!.q1, 3),
        q3: rounded(encode!.q3 + decode!.q3, 3),
      },
      ...{ miou: rounded(100 * value), low: rounded(100 * low), high: rounded(100 * high) },
    },
  ];
}

/** A line across the chart: it has an accuracy and no latency. */
interface Floor {
  readonly name: string;
  readonly miou: number;
}

function floorsOf(runs: readonly ChartRun[], { name, protocol }: ScoredPrompts): readonly Floor[] {
  return runs.flatMap(({ report }) => {
    const prompts = report.prompts[name];
    if (report.role !== "floor" || prompts?.miou === undefined || prompts.protocol !== protocol) return [];
    return [{ name: `floor: ${report.title}`, miou: rounded(100 * prompts.miou.value) }];
  });
}

/** On the front: no other is both as fast and better, or as good and faster. */
function withFront(places: readonly Omit<Place, "front">[]): readonly Place[] {
  return places.map((place) => ({
    ...place,
    front: !places.some(
      (other) =>
        other !== place &&
        other.ms <= place.ms &&
        other.miou >= place.miou &&
        (other.ms < place.ms || other.miou > place.miou),
    ),
  }));
}

/** Of the plot, roughly: what a letter of a name and a line take of its width and height. */
const letter = 1 / 90;
const line = 1 / 18;

/** Best first, the names that overlap no other written before; the legend has them all. */
function namesWithRoom(places: readonly Place[]): readonly string[] {
  const span = (values: readonly number[]) => Math.max(...values) - Math.min(...values) || 1;
  const [widthMs, heightMiou] = [
    span(places.flatMap(({ q1, q3 }) => [Math.log(q1), Math.log(q3)])),
    span(places.flatMap(({ low, high }) => [low, high])),
  ];
  const written: Place[] = [];
  for (const place of [...places].sort((a, b) => b.miou - a.miou || a.ms - b.ms)) {
    const overlaps = written.some((other) => {
      const [left, right] = place.ms <= other.ms ? [place, other] : [other, place];
      const apart = Math.log(right.ms / left.ms) / widthMs;
      return apart < left.variant.length * letter && Math.abs(left.miou - right.miou) / heightMiou < line;
    });
    if (!overlaps) written.push(place);
  }
  return written.map(({ variant }) => variant);
}

function chartOf(
  { name, protocol, shared }: ScoredPrompts,
  places: readonly Place[],
  floors: readonly Floor[],
  runs: readonly ChartRun[],
): Chart {
  const y = {
    field: "miou",
    type: "quantitative",
    title: `mIoU, ${name}, %`,
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
  const best = [...places].sort((a, b) => b.miou - a.miou)[0]!;
  const fastest = [...places].sort((a, b) => a.ms - b.ms)[0]!;
  const lines = floors.map((floor) => ` ${floor.name}: ${floor.miou} %.`).join("");
  const alt = `${places.length} variants. Best mIoU: ${best.variant}, ${best.miou} %. Fastest: ${fastest.variant}, ${fastest.ms} ms.${lines}`;
  const below = floors.length === 0 ? "" : " The dotted line is what needs no model.";
  return {
    id: `accuracy-latency-${name}${shared ? `-${protocol}` : ""}`,
    title: `Accuracy against latency: ${name}`,
    caption: `Up and to the left is better. Bars: 95 % interval of mIoU (${protocol}) and quartiles of latency. The line joins the Pareto front: variants that no other beats in both.${below}`,
    alt,
    spec: chartSpec(`Accuracy against latency, prompts ${name}. ${alt}`, undefined, {
      data: { values: places.map((place) => ({ ...place })) },
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
            ...{ x, y, color: colour, shape: { ...colour } },
            tooltip: ["variant", "miou", "low", "high", "ms", "q1", "q3"].map((field) => ({ field })),
          },
        },
        {
          name: "names",
          transform: [{ filter: { field: "variant", oneOf: [...namesWithRoom(places)] } }],
          mark: { type: "text", align: "left", dx: 10, dy: -10 },
          encoding: { x, y, text: { field: "variant" } },
        },
      ],
    }),
    records: [
      ["variant", "mIoU, %", "low", "high", "ms", "first quartile", "third quartile", "Pareto front"],
      ...places.map(({ variant, miou, low, high, ms, q1, q3, front }) => [
        ...[variant, miou, low, high, ms, q1, q3],
        front ? "yes" : "no",
      ]),
      ...floors.map((floor) => [floor.name, floor.miou, "", "", "", "", "", ""]),
    ],
    touches: /^(latency|images|dataset|run)$|(encode|decode)$/,
  };
}

/** Across the whole width, with its name at the left end. */
function floorLayer<Y>(floor: Floor, y: Y) {
  const name = { align: "left", baseline: "bottom", dx: 6, dy: -3, fontSize: 11 } as const;
  return {
    data: { values: [{ ...floor }] },
    layer: [
      { mark: { type: "rule" as const, strokeDash: [2, 3], strokeWidth: 1.5 }, encoding: { y } },
      { mark: { type: "text" as const, ...name }, encoding: { y, x: { value: 0 }, text: { field: "name" } } },
    ],
  };
}
