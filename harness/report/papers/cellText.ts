import { none } from "../table/grid.ts";
import { intervalText, threeDigits } from "../table/intervalText.ts";
import type { ComparedCell, Comparison } from "./compare.ts";
import type { OurFigure } from "./ourFigure.ts";

/** Papers print at most so many digits behind the point. */
const mostDigits = 3;

/** Units whose values are printed with as many digits throughout a column, zeros at the end included. */
const alike = new Set(["%", "fraction", "ms", "×"]);

/** Digits behind the point of a column's values; at least `least` are printed even where they are zeros. */
export interface ColumnDigits {
  readonly least: number;
  readonly most: number;
}

export function digitsOf({ rows }: Comparison, column: { readonly id: string; readonly unit?: string }): ColumnDigits {
  const values = rows.flatMap(({ cells }) => cells[column.id]?.published ?? []);
  const digits = values.map((value) => (typeof value === "number" ? decimals(value) : 0));
  const most = Math.min(mostDigits, Math.max(0, ...digits));
  return { least: alike.has(column.unit ?? "") ? most : 0, most };
}

export function publishedText({ published, unit }: ComparedCell, digits: ColumnDigits, ownUnit: boolean): string {
  if (typeof published !== "number") return published;
  const text = published.toFixed(Math.min(digits.most, Math.max(digits.least, decimals(published))));
  return ownUnit && unit !== undefined ? `${text} ${unit}` : text;
}

/**
 * Writes our figure as `46.4 ±0.5`, as `12.9 [0.0, 34.2]`, or as a median with its quartiles. The number of instances
 * follows where the column does not give it for all cells.
 */
export function oursText(
  ours: OurFigure,
  digits: ColumnDigits,
  { withN }: { readonly withN: "with n" | "without n" },
): string {
  const mark = ours.extent === "part" ? "†" : "";
  const n = withN === "with n" && ours.n !== undefined ? ` (${ours.n})` : "";
  return `${figureText(ours, digits)}${mark}${n}`;
}

/** Writes a difference, always with its sign; `*` marks a paper's value that lies outside our interval. */
export function differenceText(cell: ComparedCell, digits: ColumnDigits): string {
  if (cell.difference === undefined) return none;
  const places = accuracyPlaces(digits);
  const size = Math.abs(cell.difference).toFixed(places);
  const sign = Number(size) === 0 ? "±" : cell.difference > 0 ? "+" : "−";
  return `${sign}${size}${isOutside(cell) ? "*" : ""}`;
}

/** Tells whether the paper's value lies outside our interval; nothing where there is no interval. */
export function isOutside({ ours, published }: ComparedCell): boolean | undefined {
  if (ours?.low === undefined || ours.high === undefined || typeof published !== "number") return undefined;
  return published < ours.low || published > ours.high;
}

function figureText(ours: OurFigure, digits: ColumnDigits): string {
  const { value, low, high, nature } = ours;
  const bounded = low !== undefined && high !== undefined;
  if (nature === "machine") {
    const middle = threeDigits(value);
    return bounded ? `${middle} [${threeDigits(low)}–${threeDigits(high)}]` : middle;
  }
  if (nature === "model") return value.toFixed(Math.max(1, digits.most));
  const places = accuracyPlaces(digits);
  return intervalText(ours, places);
}

function accuracyPlaces({ most }: ColumnDigits): number {
  return Math.max(1, most);
}

function decimals(value: number): number {
  return String(value).split(".")[1]?.length ?? 0;
}
