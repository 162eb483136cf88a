import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HarnessError } from "../../../errors.ts";
import { svgToPng } from "../../../image/codec.ts";
import type { ReportCharts } from "../../html.ts";
import { gridSpec } from "../../table/formats/gridSpec.ts";
import { type Chart, chartFile } from "../index.ts";
import { type SearchPicture, searchChart } from "../own/search.ts";
import { requireFigureFile } from "./endings.ts";
import type { Theme } from "./theme.ts";
import { type ChartSpec, chartSvg } from "./vega.ts";

/** Writes a chart as Vega-Lite and as SVG into a folder; returns the drawing. */
async function writeChart(folder: string, id: string, spec: ChartSpec): Promise<string> {
  const svg = await chartSvg(spec);
  await writeFile(join(folder, `${id}.vl.json`), `${JSON.stringify(spec, undefined, 1)}\n`);
  await writeFile(join(folder, `${id}.svg`), `${svg}\n`);
  return svg;
}

/** Writes a search's chart into its folder; returns the file for the Vega editor. */
export async function writeSearchChart(folder: string, picture: SearchPicture): Promise<string> {
  await writeChart(folder, "pareto", searchChart(picture));
  return join(folder, "pareto.vl.json");
}

/** Writes charts that stand alone into a folder, by name, each as Vega-Lite, SVG and PNG. */
export async function writeOwnCharts(folder: string, charts: Readonly<Record<string, ChartSpec>>): Promise<void> {
  for (const [id, spec] of Object.entries(charts))
    await writeFile(join(folder, `${id}.png`), await svgToPng(await writeChart(folder, id, spec), 2));
}

interface FigureFile {
  readonly file: string;
  readonly theme: Theme;
  /** Date of the figures that are drawn. */
  readonly date: Date;
}

/** Returns a figure as the ending of its file asks. Throws HarnessError for another ending. */
export async function figureFile(chart: Chart, { file, theme, date }: FigureFile): Promise<string | Buffer> {
  const ending = requireFigureFile(file);
  const spec = chartFile(chart, theme);
  if (ending === ".vl.json") return `${JSON.stringify(spec, undefined, 1)}\n`;
  if (ending === ".pdf") {
    const { chartPdf } = await import("./pdf.ts");
    return chartPdf(spec, { title: chart.title, file, date });
  }
  const svg = await chartSvg(spec);
  return ending === ".svg" ? `${svg}\n` : svgToPng(svg, 2);
}

/**
 * Writes a report into a folder: its page, and every chart and every table as Vega-Lite, SVG and PNG. Returns the page's file.
 * Throws HarnessError where the folder can not be made.
 */
export async function writeReport(
  folder: string,
  { page, charts, grids }: ReportCharts & { readonly page: string },
  progress: (done: number, id: string) => void,
): Promise<string> {
  await mkdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new HarnessError(`${folder}: can not be made`, { found: cause.code, cause });
  });
  const index = join(folder, "index.html");
  await writeFile(index, page);
  const files = [
    ...charts.map((chart) => ({ id: chart.id, spec: chartFile(chart) })),
    ...grids.map((grid) => ({ id: grid.id, spec: gridSpec(grid) })),
  ];
  for (const [i, { id, spec }] of files.entries()) {
    const svg = await writeChart(folder, id, spec);
    await writeFile(join(folder, `${id}.png`), await svgToPng(svg, 2));
    progress(i + 1, id);
  }
  return index;
}
