import { largest } from "../../../stats/summary.ts";
import { type Chart, chartSpec } from "../chart.ts";

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
export function errorByDepthChart(picture: DepthPicture): Chart {
  const { a, b, points, tolerance } = picture;
  const places = drawnPoints(picture);
  const named = places.find(({ place }) => place === picture.first);
  const worst = largest(points.map(({ error = Number.POSITIVE_INFINITY }) => error));
  const found =
    named === undefined
      ? `no tensor is over it; the largest error is ${worst.toExponential(1)}`
      : `the first over it is ${named.tensor}`;
  return {
    id: "error-by-depth",
    title: `Error by depth: ${a} against ${b}`,
    caption: `Tolerance ${tolerance}; ${found}. Tensors without any difference are drawn at ${floor}.`,
    alt: `${points.length} tensors; tolerance ${tolerance}; ${found}.`,
    colours: "own",
    spec: chartSpec(`Error by depth, ${a} against ${b}: ${found}.`, undefined, {
      data: { values: [...places] },
      layer: layersOf(places, named, tolerance),
    }),
    records: [
      ["place", "tensor", "operator", "error over std"],
      ...places.map(({ place, tensor, operator, error }) => [place, tensor, operator, error]),
    ],
    touches: /^$/,
  };
}

interface DrawnPoint extends Omit<DepthPoint, "error"> {
  readonly error: number | "not finite";
  readonly drawn: number;
  readonly kind: string;
}

/** Returns where points are drawn; what is not finite stands as high as the largest error. */
function drawnPoints({ points, tolerance }: DepthPicture): readonly DrawnPoint[] {
  const top = largest([tolerance, 10 * floor, ...points.map(({ error = 0 }) => error)]);
  return points.map(({ tensor, operator, place, error }) => ({
    tensor,
    operator,
    place,
    error: error ?? "not finite",
    drawn: Math.max(error ?? top, floor),
    kind: error !== undefined && error <= tolerance ? kinds[0] : kinds[1],
  }));
}

function layersOf(places: readonly DrawnPoint[], named: DrawnPoint | undefined, tolerance: number) {
  const last = largest([1, ...places.map(({ place }) => place)]);
  const { x, y, color } = encodings(last, 2 * largest([tolerance, ...places.map(({ drawn }) => drawn)]));
  const marked = named === undefined ? [] : [named];
  const label = marked.map((each) => ({ ...each, label: shortened(each.tensor), drawn: 5 * floor }));
  const isLeft = (named?.place ?? 0) < last / 2;
  const tooltip = ["tensor", "operator", "place", "error"].map((field) => ({ field }));
  return [
    {
      data: { values: [{ tolerance }] },
      mark: { type: "rule", strokeDash: [5, 4], strokeWidth: 1.5 },
      encoding: { y: { field: "tolerance", type: "quantitative" } },
    },
    { mark: { type: "point", size: 26 }, encoding: { x, y, color, tooltip } },
    {
      data: { values: marked },
      mark: { type: "point", size: 150, filled: false, strokeWidth: 2 },
      encoding: { x, y, color },
    },
    { data: { values: marked }, mark: { type: "rule", strokeWidth: 1 }, encoding: { x } },
    {
      // Low, where no tensor is: before the first that diverges there may be zeros, and behind it all are above.
      data: { values: label },
      mark: { type: "text", align: isLeft ? "left" : "right", dx: isLeft ? 6 : -6 },
      encoding: { x, y, text: { field: "label" } },
    },
  ] satisfies Parameters<typeof chartSpec>[2]["layer"];
}

function encodings(last: number, top: number) {
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
    scale: { type: "log", domainMin: floor, domainMax: top, nice: false },
    axis: { format: ".0e", values: decades(top) },
  } as const;
  const color = { field: "kind", type: "nominal", title: null, scale: { domain: [...kinds] } } as const;
  return { x, y, color };
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
