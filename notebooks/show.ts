/** Makes the values that cells of the notebooks end with: Jupyter shows them as text, a table or a picture. */

import { chartSvg } from "../harness/report/charts/drawing/vega.ts";
import { type Chart, chartFile } from "../harness/report/charts/index.ts";
import { gridMarkdown } from "../harness/report/table/formats/markdown.ts";
import type { Grid } from "../harness/report/table/grid.ts";

/** The name by which Deno's kernel asks a value how it is shown. */
const display: unique symbol = Symbol.for("Jupyter.display");

/** A value by MIME type; a program shows the richest type that it knows. */
export interface Shown {
  [display](): Readonly<Record<string, string>>;
}

export function table(grid: Grid): Shown {
  return markdown(gridMarkdown(grid));
}

export function markdown(text: string): Shown {
  return { [display]: () => ({ "text/markdown": text, "text/plain": text }) };
}

/** Shows text in fixed width, as in a terminal. */
export function text(lines: string): Shown {
  return markdown(`\`\`\`\n${lines}\n\`\`\``);
}

/** Shows a chart as a picture, and in words for people who do not see it. */
export async function chart(chart: Chart): Promise<Shown> {
  const picture = await chartSvg(chartFile(chart));
  return { [display]: () => ({ "image/svg+xml": picture, "text/plain": chart.alt }) };
}
