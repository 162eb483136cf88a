import { type ChartSpec, font, palette, vegaLiteSchema } from "../charts/vega.ts";
import { type Grid, rowCount } from "./grid.ts";
import {
  bodyPicture,
  frameOf,
  headerPicture,
  type Label,
  legendPicture,
  merge,
  notesPicture,
  type Rectangle,
  sizes,
} from "./gridPicture.ts";
import { wrapPx } from "./textWidth.ts";

/**
 * The table as a Vega-Lite chart of rect and text marks: places are in the data as pixels, with scales switched off, since
 * columns of a table are as wide as their words, which no band scale knows.
 */
export function gridSpec(grid: Grid): ChartSpec {
  const frame = frameOf(grid);
  const body = merge(headerPicture(grid, frame), bodyPicture(grid, frame));
  const tableHeight = frame.headers + rowCount(grid) * sizes.row;
  const legend = legendPicture(grid, tableHeight + sizes.gap);
  const notesTop = tableHeight + sizes.gap + (legend.labels.length > 0 ? sizes.row : 0);
  const notes = notesPicture(grid, notesTop, frame.width);
  const { rectangles, labels } = merge(body, legend, notes);
  const title = titleOf(grid, frame.width);
  const { margin } = sizes;
  return {
    $schema: vegaLiteSchema,
    description: `${grid.title}. ${grid.subtitle}`,
    background: palette.paper,
    // Every place is given, so nothing is left to fit: Vega's own guess of a line's width is half too wide without a browser.
    autosize: { type: "none" },
    padding: { left: margin, right: margin, bottom: margin, top: margin + title.height },
    width: frame.width,
    height: notesTop + notes.labels.length * sizes.noteLine,
    title: title.spec,
    view: { stroke: null },
    layer: [rectLayer(rectangles), ...textLayers(labels)],
  };
}

function titleOf(grid: Grid, width: number) {
  const text = wrapPx(grid.title, width, sizes.title, "bold");
  const subtitle = wrapPx(grid.subtitle, width, sizes.subtitle, "normal");
  const { titleLine, subtitleLine, titleGap } = sizes;
  return {
    height: text.length * titleLine + subtitle.length * subtitleLine + titleGap,
    spec: {
      text,
      font,
      fontSize: sizes.title,
      lineHeight: titleLine,
      color: palette.text,
      subtitle,
      subtitleFont: font,
      subtitleFontSize: sizes.subtitle,
      subtitleLineHeight: subtitleLine,
      subtitleColor: palette.muted,
      subtitlePadding: 4,
      offset: titleGap - 4,
      anchor: "start",
      frame: "group",
    },
  } as const;
}

/** Pixels as they are: no scale, no axis. */
const place = (field: string) => ({ field, type: "quantitative", scale: null, axis: null }) as const;
const asIs = (field: string) => ({ field, type: "nominal", scale: null, legend: null }) as const;

function rectLayer(rectangles: readonly Rectangle[]) {
  return {
    data: { values: rectangles.map((each) => ({ ...each })) },
    mark: { type: "rect", strokeWidth: 0 },
    encoding: {
      x: place("x"),
      x2: { field: "x2" },
      y: place("y"),
      y2: { field: "y2" },
      fill: asIs("fill"),
      tooltip: { field: "detail", type: "nominal" },
    },
  } as const;
}

/** A layer for each style: align and family are of the mark, not of the data. */
function textLayers(labels: readonly Label[]) {
  const styles = new Map<string, Label[]>();
  for (const label of labels) {
    const key = JSON.stringify([label.align, label.size, label.weight, label.family]);
    styles.set(key, [...(styles.get(key) ?? []), label]);
  }
  return [...styles.values()].map((group) => {
    const { align, size, weight, family } = group[0]!;
    return {
      data: {
        values: group.map(({ x, y, text, colour, row }) => ({
          x,
          y,
          text,
          colour,
          row,
        })),
      },
      mark: { type: "text", align, baseline: "middle", font: family, fontSize: size, fontWeight: weight },
      encoding: { x: place("x"), y: place("y"), text: { field: "text", type: "nominal" }, color: asIs("colour") },
    } as const;
  });
}
