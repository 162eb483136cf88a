import { brokenLines } from "../../table/formats/layout.ts";
import { type Chart, rounded } from "../chart.ts";
import { type ChartSpec, vegaLiteSchema } from "../drawing/vega.ts";

/** A column of a history as it is drawn; values are in the unit that the axis names. */
export interface HistoryPanel {
  readonly title: string;
  readonly subtitle: string;
  readonly axis: string;
  /** Results, oldest first. */
  readonly points: readonly {
    /** Beginning of the commit's hash. */
    readonly label: string;
    readonly date: string;
    readonly value: number;
    readonly low: number;
    readonly high: number;
  }[];
  /** Places of the first points behind a change, with what is written there. */
  readonly changes: readonly { readonly at: number; readonly text: string }[];
}

/** Pixels of a panel, the number of names that fit below it, and characters of a line above it. */
const size = { width: 640, height: 200, names: 12, subtitle: 100, turn: 0.75, line: 15 };

const right = { align: "left", dx: 4 } as const;
const left = { align: "right", dx: -4 } as const;

/** Draws a panel for each column below each other: results at equal distances in their order, with their intervals and changes. */
export function historyChart(panels: readonly HistoryPanel[]): Chart {
  const alt = panels.map(altOf).join(" ");
  return {
    id: "history",
    title: "History",
    caption:
      "A point is a result, the band its own 95 % interval, which for accuracy is about other images: on the same ones less differs. A line marks where the figure changed.",
    alt,
    colours: "own",
    spec: {
      $schema: vegaLiteSchema,
      description: alt,
      vconcat: panels.map(panelSpec),
      resolve: { scale: { color: "independent" } },
    } as ChartSpec,
    records: [
      ["figure", "commit", "date", "value", "low", "high", "change"],
      ...panels.flatMap(({ axis, points, changes }) =>
        points.map(({ label, date, value, low, high }, at) => {
          const text = changes.find((each) => each.at === at)?.text ?? "";
          return [axis, label, date, value, low, high, text];
        }),
      ),
    ],
    touches: /^$/,
  };
}

function altOf({ title, points, changes }: HistoryPanel): string {
  const found = changes.map(({ at, text }) => `${text} at ${points[at]!.label}`);
  return `${title}: ${points.length} results, ${found.length === 0 ? "no change marked" : found.join(", ")}.`;
}

function panelSpec({ title, subtitle, axis, points, changes }: HistoryPanel): object {
  const values = points.map(({ value, low, high, ...point }, place) => ({
    ...point,
    place,
    value: rounded(value, 4),
    low: rounded(low, 4),
    high: rounded(high, 4),
  }));
  const marked = changes.map(({ at, text }) => ({ place: at, edge: at - 0.5, text }));
  const x = xOf(points);
  // The theme's first colour.
  const color = { datum: title, type: "nominal", legend: null } as const;
  const y = { field: "value", type: "quantitative", title: axis, scale: { zero: false } } as const;
  return {
    title: { text: title, subtitle: brokenLines(subtitle, (line) => line.length <= size.subtitle) },
    width: size.width,
    height: size.height,
    data: { values },
    layer: [
      {
        mark: { type: "area", opacity: 0.18 },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
      },
      { mark: { type: "line", strokeWidth: 1.5 }, encoding: { x, y, color } },
      {
        mark: { type: "point", size: 45 },
        encoding: { x, y, color, tooltip: ["label", "date", "value", "low", "high"].map((field) => ({ field })) },
      },
      {
        data: { values: marked },
        mark: { type: "rule", strokeDash: [4, 3], style: "faint" },
        encoding: { x: { ...x, field: "edge" } },
      },
      ...marked.map((mark, i) => textSpec(mark, { x, line: i % 2, parts: points.length })),
    ],
  };
}

/** The place of a text in a panel: its axis, its line from the top, and how many results the panel has. */
interface TextPlace {
  readonly x: ReturnType<typeof xOf>;
  readonly line: number;
  readonly parts: number;
}

/** Writes beside the line of a change: to its left in the right part of a panel. Neighbours stand on two lines. */
function textSpec(mark: { readonly place: number; readonly text: string }, { x, line, parts }: TextPlace): object {
  const { align, dx } = mark.place <= size.turn * parts ? right : left;
  return {
    data: { values: [mark] },
    mark: { type: "text", baseline: "top", align, dx },
    encoding: { x: { ...x, field: "edge" }, y: { value: 2 + size.line * line }, text: { field: "text" } },
  };
}

/** Names at most 12 of the results below the axis, the first and the newest among them. */
function xOf(points: HistoryPanel["points"]) {
  const last = points.length - 1;
  const step = Math.max(1, Math.ceil(last / (size.names - 1)));
  const named = points.flatMap((_, place) =>
    place === last || (place % step === 0 && last - place >= step / 2) ? [place] : [],
  );
  const names = points.map(({ label, date }) => [label, date]);
  return {
    field: "place",
    type: "quantitative",
    title: null,
    scale: { domain: [-0.5, last + 0.5], nice: false },
    axis: { values: named, labelExpr: `${JSON.stringify(names)}[datum.value]`, grid: false, labelAngle: 0 },
  } as const;
}
