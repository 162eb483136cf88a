import { type ChartSpec, fixedChartSpec } from "../chart.ts";
import { type FixedScale, linearScale, logScale, type PlotFrame } from "../drawing/plotFrame.ts";
import {
  type Floor,
  floorName,
  type Place,
  type PlacedFloor,
  type PlacedName,
  placeNames,
} from "./accuracyLatencyNames.ts";

export interface AccuracyLatency {
  readonly description: string;
  /** Title of the accuracy axis. */
  readonly title: string;
  /** Name of the accuracy in the chart's data. */
  readonly field: string;
  /** Places in the order in which they get their labels. */
  readonly places: readonly Place[];
  readonly floors: readonly Floor[];
  /** Encoding of a variant's colour. */
  readonly colour: { readonly legend: object | null };
}

/** Sizes of the plot in px: alone, or beside the charts of other prompts. */
const sizes = {
  alone: { width: 640, height: 340, fontSize: 12, side: 120, radius: 7, farthest: 66 },
  panel: { width: 306, height: 290, fontSize: 10.5, side: 70, radius: 5.5, farthest: 44 },
} as const;

/** Draws accuracy against latency at a fixed size, with each name where it lies over nothing else. */
export function accuracyLatencySpec(chart: AccuracyLatency, size: keyof typeof sizes): ChartSpec {
  const { fontSize, side } = sizes[size];
  const { description, title, field, places } = chart;
  const frame = frameOf(chart, sizes[size]);
  const { names, floors } = placeNames(chart, frame, sizes[size]);
  // Where each mark has its name, a legend would only repeat them.
  const colour = names.length === places.length ? { ...chart.colour, legend: null } : chart.colour;
  const y = axis(field, title, frame.y, "linear");
  const x = axis("ms", "encode + decode, ms (log scale)", frame.x, "log");
  const tooltip = ["variant", field, "low", "high", "ms", "q1", "q3"].map((name) => ({ field: name }));
  const bar = { type: "rule", strokeWidth: 1.5, opacity: 0.4 } as const;
  return fixedChartSpec(description, frame, {
    data: { values: places.map((place) => recordOf(place, field)) },
    layer: [
      ...floors.map((floor) => floorLayer(floor, y, fontSize)),
      {
        transform: [{ filter: "datum.front" }],
        mark: { type: "line", interpolate: "step-after", strokeDash: [5, 4], strokeWidth: 1.5, style: "faint" },
        encoding: { x, y, order: { field: "ms", type: "quantitative" } },
      },
      { mark: bar, encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color: colour } },
      { mark: bar, encoding: { x: { ...x, field: "q1" }, x2: { field: "q3" }, y, color: colour } },
      ...nameLayers(names, fontSize),
      {
        mark: { type: "point", size: side },
        encoding: { x, y, color: colour, shape: { ...colour }, tooltip },
      },
    ],
  });
}

function axis(field: string, title: string, { domain, ticks }: FixedScale, type: "log" | "linear") {
  return {
    field,
    type: "quantitative" as const,
    title,
    scale: { type, domain: [...domain], nice: false, zero: type === "log" ? undefined : false },
    axis: { values: [...ticks], format: type === "log" ? ".3~r" : undefined },
  };
}

function frameOf(
  { places, floors }: AccuracyLatency,
  { width, height }: Pick<PlotFrame, "width" | "height">,
): PlotFrame {
  const accuracies = [...places.flatMap(({ low, high }) => [low, high]), ...floors.map(({ accuracy }) => accuracy)];
  return {
    width,
    height,
    x: logScale({ values: places.flatMap(({ q1, q3 }) => [q1, q3]), length: width, padding: 18 }),
    y: linearScale({ values: accuracies, length: height, padding: 20 }),
  };
}

/** Returns a place as the chart's data hold it, its accuracy under the name of the figure. */
function recordOf({ variant, ms, q1, q3, accuracy, low, high, front }: Place, field: string) {
  return { variant, ms, q1, q3, [field]: accuracy, low, high, front };
}

/** Returns the layers of names and of the lines that lead to them. */
function nameLayers(names: readonly PlacedName[], fontSize: number) {
  const at = {
    x: { field: "labelMs", type: "quantitative" },
    y: { field: "labelAccuracy", type: "quantitative" },
  } as const;
  const text = { type: "text", baseline: "middle", fontSize, align: { expr: "datum.align" } } as const;
  return [
    {
      name: "leaders",
      data: { values: names.filter(({ leads }) => leads) },
      mark: { type: "rule" as const, strokeWidth: 0.75, style: "faint" },
      encoding: { ...at, x2: { field: "ms" }, y2: { field: "accuracy" } },
    },
    {
      name: "names",
      data: { values: [...names] },
      layer: [
        { mark: { ...text, style: "halo" }, encoding: { ...at, text: { field: "variant" } } },
        { mark: text, encoding: { ...at, text: { field: "variant" } } },
      ],
    },
  ];
}

/** Returns the layer of a floor: a line across the whole width with its name beside it. */
function floorLayer<Y extends { readonly field: string }>(
  { name, accuracy, x, side }: PlacedFloor,
  y: Y,
  fontSize: number,
) {
  const text =
    side === "above"
      ? ({ baseline: "bottom", dy: -floorName.off } as const)
      : ({ baseline: "top", dy: floorName.off } as const);
  return {
    data: { values: [{ name, [y.field]: accuracy }] },
    layer: [
      { mark: { type: "rule" as const, strokeDash: [2, 3], strokeWidth: 1.5 }, encoding: { y } },
      {
        mark: { type: "text" as const, align: "left" as const, fontSize, ...text },
        encoding: { y, x: { value: x }, text: { field: "name" } },
      },
    ],
  };
}
