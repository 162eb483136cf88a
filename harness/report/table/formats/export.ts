import { svgToPng } from "../../../image/codec.ts";
import { visibleLines } from "../../../visible.ts";
import { forPrint, type Grid } from "../grid.ts";
import { gridText } from "./gridText.ts";
import { gridLatex } from "./latex.ts";
import { gridMarkdown } from "./markdown.ts";

export const tableFormats = ["text", "markdown", "latex", "csv", "json", "vega-lite", "svg", "png"] as const;
export type TableFormat = (typeof tableFormats)[number];

const defaults = { pngScale: 2 };

/** Content of a table for all formats: as people read it, and as programs do. */
interface Exportable {
  readonly grid: Grid;
  /** One record for each cell; the first record holds the names. */
  readonly records: readonly (readonly (string | number | undefined)[])[];
  readonly json: unknown;
}

interface ExportOptions {
  /** Characters of a line of text. */
  readonly width?: number;
  /** A PNG has so many pixels for each pixel of the SVG. */
  readonly pngScale?: number;
}

/** Returns the whole file of a format; text ends in a line break. */
export async function exportTable(
  { grid, records, json }: Exportable,
  format: TableFormat,
  { width, pngScale = defaults.pngScale }: ExportOptions = {},
): Promise<string | Buffer> {
  switch (format) {
    case "text":
      return `${visibleLines(gridText(grid, width))}\n`;
    case "markdown":
      return `${visibleLines(gridMarkdown(grid))}\n`;
    case "latex":
      return `${visibleLines(gridLatex(forPrint(grid)))}\n`;
    case "csv":
      return csv(records);
    case "json":
      return `${JSON.stringify(json, undefined, 2)}\n`;
    case "vega-lite":
      return `${JSON.stringify((await import("./gridSpec.ts")).gridSpec(forPrint(grid)), undefined, 1)}\n`;
    case "svg":
      return `${await gridSvg(grid)}\n`;
    case "png":
      return svgToPng(await gridSvg(grid), pngScale);
  }
}

/** Draws the table as SVG. Vega takes a second to load, so it is imported only here. */
async function gridSvg(grid: Grid): Promise<string> {
  const [{ chartSvg }, { gridSpec }] = await Promise.all([
    import("../../charts/drawing/vega.ts"),
    import("./gridSpec.ts"),
  ]);
  return chartSvg(gridSpec(forPrint(grid)));
}

/**
 * Writes CSV as RFC 4180 describes it: a field with a comma, a quote or a line break stands in quotes, quotes in it are
 * doubled, and absent values are empty. A text that a spreadsheet would run as a formula gets an apostrophe before it;
 * numbers stay.
 */
export function csv(records: readonly (readonly (string | number | undefined)[])[]): string {
  const field = (value: string | number | undefined) => {
    const text = typeof value === "string" ? unformulated(value) : String(value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return records.map((record) => `${record.map(field).join(",")}\n`).join("");
}

function unformulated(text: string): string {
  const shown = visibleLines(text);
  return /^[=+\-@\t]/.test(text) ? `'${shown}` : shown;
}
