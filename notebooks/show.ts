/** What the notebooks' cells end with: a value that Jupyter shows as text, a table or a picture. */
import { type Chart, chartFile } from "../harness/report/charts/index.ts";
import { chartSvg } from "../harness/report/charts/vega.ts";
import type { Grid } from "../harness/report/table/grid.ts";
import { gridMarkdown } from "../harness/report/table/markdown.ts";

/** The name by which Deno's kernel asks a value how it is shown. */
const display: unique symbol = Symbol.for("Jupyter.display");

/** By MIME type; the richest that the reader's program knows is shown. */
export interface Shown {
  [display](): Readonly<Record<string, string>>;
}

export function table(grid: Grid): Shown {
  return markdown(gridMarkdown(grid));
}

export function markdown(text: string): Shown {
  return { [display]: () => ({ "text/markdown": text, "text/plain": text }) };
}

/** Fixed-width text, as in a terminal. */
export function text(lines: string): Shown {
  return markdown(`\`\`\`\n${lines}\n\`\`\``);
}

/** The chart as a picture, and in words for those who do not see it. */
export async function chart(chart: Chart): Promise<Shown> {
  const picture = await chartSvg(chartFile(chart));
  return { [display]: () => ({ "image/svg+xml": picture, "text/plain": chart.alt }) };
}
