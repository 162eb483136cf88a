import { type ChartSpec, font, palette, vegaLiteSchema } from "../../charts/drawing/vega.ts";
import type { Grid } from "../grid.ts";
import { gridPicture, type Label, type Rectangle, sizes } from "./gridPicture.ts";
import { wrapPx } from "./textWidth.ts";

/**
 * Returns the grid as a Vega-Lite chart of rect and text marks. Places are in the data as pixels, with scales switched off:
 * columns of a table are as wide as their words, which no band scale knows.
 */
export function gridSpec(grid: Grid): ChartSpec {
  const { rectangles, labels, width, height } = gridPicture(grid);
  const title = titleOf(grid, width);
  const { margin } = sizes;
  return {
    $schema: vegaLiteSchema,
    description: `${grid.title}. ${grid.subtitle}`,
    background: palette.paper,
    // Every place is given, so nothing is left to fit: Vega's own guess of a line's width is half too wide without a browser.
    autosize: { type: "none" },
    padding: { left: margin, right: margin, bottom: margin, top: margin + title.height },
    width,
    height,
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

/** Returns a channel that takes pixels as they are: no scale, no axis. */
const place = (field: string) => ({ field, type: "quantitative", scale: null, axis: null }) as const;
const asIs = (field: string) => ({ field, type: "nominal", scale: null, legend: null }) as const;

function rectLayer(rectangles: readonly Rectangle[]) {
  return {
    data: { values: [...rectangles] },
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

/** Returns a layer for each style: align and family belong to the mark, not to the data. */
function textLayers(labels: readonly Label[]) {
  const styles = new Map<string, Label[]>();
  for (const label of labels) {
    const key = JSON.stringify([label.align, label.size, label.weight, label.family]);
    styles.set(key, [...(styles.get(key) ?? []), label]);
  }
  return [...styles.values()].map((group) => {
    const { align, size, weight, family } = group[0]!;
    return {
      data: { values: group.map(({ x, y, text, colour, row }) => ({ x, y, text, colour, row })) },
      mark: { type: "text", align, baseline: "middle", font: family, fontSize: size, fontWeight: weight },
      encoding: { x: place("x"), y: place("y"), text: { field: "text", type: "nominal" }, color: asIs("colour") },
    } as const;
  });
}
