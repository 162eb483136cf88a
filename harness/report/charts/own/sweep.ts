import { type Chart, rounded } from "../chart.ts";
import { type ChartSpec, vegaLiteSchema } from "../drawing/vega.ts";

/** A figure of a point with what it may be off by: quartiles of samples, or a 95 % interval. */
interface Bounded {
  readonly value: number;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

export interface SweepPlace {
  /** Value on the first axis. */
  readonly x: number | string;
  /** Value on the second axis in words; absent where there is one axis. */
  readonly line?: string | undefined;
  /** Figures by the ids of the panels; one that was not measured is absent. */
  readonly figures: Readonly<Record<string, Bounded | undefined>>;
}

export interface SweepPanel {
  readonly id: string;
  /** Title of its axis, with the unit. */
  readonly title: string;
  readonly bounds: "quartiles" | "95 % interval" | "none";
}

export interface SweepPicture {
  readonly variant: string;
  /** Names of the axes: `batch and threads`. */
  readonly over: string;
  /** Titles of the axes, with their units. */
  readonly x: string;
  readonly lines?: string | undefined;
  readonly panels: readonly SweepPanel[];
  readonly places: readonly SweepPlace[];
  /** Knees by the panel that shows them. */
  readonly knees: readonly {
    readonly panel: string;
    readonly x: number | string;
    readonly line?: string | undefined;
  }[];
}

const size = { width: 560, height: 190 };

/** Draws the curves of a sweep, a panel for each figure one below the other, with a line for each value of the second axis. */
export function sweepChart(picture: SweepPicture): Chart {
  const { variant, over, x, lines, panels, places, knees } = picture;
  const title = `Sweep of ${variant} over ${over}`;
  const marked = knees.length > 0 ? " A ring marks the knee, beyond which more brings less." : "";
  const scored = panels.some(({ bounds }) => bounds === "95 % interval");
  const bars = `Bars are ${scored ? "95 % intervals of accuracy, and " : ""}quartiles of rates.`;
  const rows = places.map((place) => rowOf(place, panels));
  return {
    id: "sweep",
    title,
    caption: `The points took turns. ${bars}${marked}`,
    alt: altOf(picture),
    colours: "own",
    spec: specOf(picture, title),
    records: [
      [x, ...(lines === undefined ? [] : [lines]), ...panels.flatMap((panel) => [panel.title, "low", "high"])],
      ...rows.map((row) => [
        row.x,
        ...(lines === undefined ? [] : [row.line]),
        ...panels.flatMap(({ id }) => cellsOf(row, id)),
      ]),
    ],
    touches: /^(images|dataset|run)$/,
  };
}

type Row = Readonly<Record<string, number | string>> & { readonly x: number | string; readonly line: string };

/** Returns a place as a row of the chart's data. A figure that was not measured has no field. */
function rowOf({ x, line = "", figures }: SweepPlace, panels: readonly SweepPanel[]): Row {
  const fields = panels.flatMap(({ id }) => {
    const figure = figures[id];
    if (figure === undefined) return [];
    const { value, low = value, high = value } = figure;
    return [
      [id, rounded(value, 3)],
      [`${id}_low`, rounded(low, 3)],
      [`${id}_high`, rounded(high, 3)],
    ] as const;
  });
  return { ...Object.fromEntries(fields), x, line };
}

function cellsOf(row: Row, id: string): readonly (number | string)[] {
  return [row[id] ?? "", row[`${id}_low`] ?? "", row[`${id}_high`] ?? ""];
}

function altOf({ panels, places }: SweepPicture): string {
  return panels
    .map(({ id, title }) => {
      const values = places.flatMap(({ x, line, figures }) => {
        const figure = figures[id];
        return figure === undefined ? [] : [`${rounded(figure.value)} at ${x}${line === undefined ? "" : `, ${line}`}`];
      });
      return `${title}: ${values.join("; ")}.`;
    })
    .join(" ");
}

function specOf(picture: SweepPicture, title: string): ChartSpec {
  const { lines, panels, places } = picture;
  const rows = places.map((place) => rowOf(place, panels));
  const legend = lines === undefined ? null : { title: lines };
  const domain = [...new Set(rows.map(({ line }) => line))];
  const color = { field: "line", type: "nominal", scale: { domain }, legend } as const;
  const x = acrossOf(picture);
  const vconcat = panels.map((panel) => panelOf(panel, rows, { picture, x, color }));
  return { $schema: vegaLiteSchema, description: title, vconcat } as ChartSpec;
}

/** Returns the first axis: at its numbers, or at names beside each other. */
function acrossOf({ x: title, places }: SweepPicture) {
  const order = [...new Set(places.map(({ x }) => x))];
  if (order.some((value) => typeof value === "string")) return { field: "x", type: "nominal", title, sort: order };
  const scale = { zero: false, nice: false, padding: 20 };
  return { field: "x", type: "quantitative", title, scale, axis: { values: order, format: "d" } };
}

interface Drawn {
  readonly picture: SweepPicture;
  readonly x: object;
  readonly color: object;
}

function panelOf({ id, title, bounds }: SweepPanel, rows: readonly Row[], { picture, x, color }: Drawn) {
  const y = { field: id, type: "quantitative", title, scale: { zero: true } };
  const own = rows.filter((row) => row[id] !== undefined);
  const knees = own
    .filter((row) =>
      picture.knees.some(({ panel, x, line = row.line }) => panel === id && x === row.x && line === row.line),
    )
    .map((row) => ({ ...row, text: "knee" }));
  const line = { mark: { type: "line", strokeWidth: 1.5 }, encoding: { x, y, color } };
  const bars = {
    mark: { type: "rule", strokeWidth: 2 },
    encoding: { x, y: { ...y, field: `${id}_low` }, y2: { field: `${id}_high` }, color },
  };
  const tooltip = ["x", "line", id, `${id}_low`, `${id}_high`].map((field) => ({ field }));
  const points = { mark: { type: "point", size: 70 }, encoding: { x, y, color, shape: color, tooltip } };
  const ring = {
    data: { values: knees },
    mark: { type: "point", size: 320, filled: false, strokeWidth: 2 },
    encoding: { x, y, color },
  };
  const name = {
    data: { values: knees },
    mark: { type: "text", align: "left", dx: 14, dy: 14 },
    encoding: { x, y, text: { field: "text" } },
  };
  const layer = [line, ...(bounds === "none" ? [] : [bars]), points, ...(knees.length === 0 ? [] : [ring, name])];
  return { ...size, data: { values: own }, layer };
}
