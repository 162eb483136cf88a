import { type Chart, chartSpec } from "./chart.ts";

/** A tensor that two graphs have, with its error. */
export interface DepthPoint {
  readonly tensor: string;
  readonly operator: string;
  /** Place in the order in which A computes its tensors, from 1 on. */
  readonly place: number;
  /** Largest difference over the spread of A's values; absent where a value is no finite number on one side alone. */
  readonly error?: number | undefined;
}

export interface DepthPicture {
  readonly a: string;
  readonly b: string;
  readonly points: readonly DepthPoint[];
  readonly tolerance: number;
  /** Place of the first tensor that diverges; absent where none does. */
  readonly first?: number | undefined;
}

/** The smallest error that is drawn: float32 has none between this and zero that would matter. */
const floor = 1e-9;

const kinds = ["within the tolerance", "over it"] as const;

/** Characters of a name beside its mark. */
const nameLength = 48;

/** Draws the error of each tensor against its depth, on a logarithmic scale, with the tolerance as a line. */
export function errorByDepthChart({ a, b, points, tolerance, first }: DepthPicture): Chart {
  const top = Math.max(tolerance, ...points.map(({ error = 0 }) => error), 10 * floor);
  const places = points.map(({ tensor, operator, place, error }) => ({
    tensor,
    operator,
    place,
    error: error ?? "not finite",
    drawn: Math.max(error ?? top, floor),
    kind: error !== undefined && error <= tolerance ? kinds[0] : kinds[1],
  }));
  const named = places.filter(({ place }) => place === first);
  const last = Math.max(1, ...places.map(({ place }) => place));
  const x = {
    field: "place",
    type: "quantitative",
    title: "tensor, in A's order",
    axis: { format: "d", tickMinStep: 1 },
    scale: { domainMin: 0, domainMax: last },
  } as const;
  const y = {
    field: "drawn",
    type: "quantitative",
    title: "largest difference over the std",
    scale: { type: "log", domainMin: floor, domainMax: 2 * top, nice: false },
    axis: { format: ".0e", values: decades(2 * top) },
  } as const;
  const color = {
    field: "kind",
    type: "nominal",
    title: null,
    scale: { domain: [...kinds] },
  } as const;
  const left = (named[0]?.place ?? 0) < last / 2;
  const worst = points.reduce((most, { error = Number.POSITIVE_INFINITY }) => Math.max(most, error), 0);
  const found =
    named[0] === undefined
      ? `no tensor is over it; the largest error is ${worst.toExponential(1)}`
      : `the first over it is ${named[0].tensor}`;
  return {
    id: "error-by-depth",
    title: `Error by depth: ${a} against ${b}`,
    caption: `Tolerance ${tolerance}; ${found}. Tensors without any difference are drawn at ${floor}.`,
    alt: `${points.length} tensors; tolerance ${tolerance}; ${found}.`,
    colours: "own",
    spec: chartSpec(`Error by depth, ${a} against ${b}: ${found}.`, undefined, {
      data: { values: places },
      layer: [
        {
          data: { values: [{ tolerance }] },
          mark: { type: "rule", strokeDash: [5, 4], strokeWidth: 1.5 },
          encoding: { y: { field: "tolerance", type: "quantitative" } },
        },
        {
          mark: { type: "point", size: 26 },
          encoding: {
            x,
            y,
            color,
            tooltip: ["tensor", "operator", "place", "error"].map((field) => ({ field })),
          },
        },
        {
          data: { values: named },
          mark: { type: "point", size: 150, filled: false, strokeWidth: 2 },
          encoding: { x, y, color },
        },
        {
          data: { values: named },
          mark: { type: "rule", strokeWidth: 1 },
          encoding: { x },
        },
        {
          // Low, where no tensor is: before the first that diverges there may be zeros, and behind it all are above.
          data: { values: named.map((each) => ({ ...each, label: shortened(each.tensor), drawn: 5 * floor })) },
          mark: { type: "text", align: left ? "left" : "right", dx: left ? 6 : -6 },
          encoding: { x, y, text: { field: "label" } },
        },
      ],
    }),
    records: [
      ["place", "tensor", "operator", "error over std"],
      ...places.map(({ place, tensor, operator, error }) => [place, tensor, operator, error]),
    ],
    touches: /^$/,
  };
}

/** Returns the powers of ten from the floor up to `top`. */
function decades(top: number): number[] {
  const from = Math.round(Math.log10(floor));
  const to = Math.floor(Math.log10(top));
  return Array.from({ length: to - from + 1 }, (_, i) => Number(`1e${from + i}`));
}

/** Leaves out the middle of a long name: its ends tell the layer and the operator. */
function shortened(name: string): string {
  if (name.length <= nameLength) return name;
  const half = Math.floor((nameLength - 1) / 2);
  return `${name.slice(0, half)}…${name.slice(-half)}`;
}
