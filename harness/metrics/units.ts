import type { Metric } from "../api.ts";
import { type Interval, scaledInterval } from "../stats/intervals.ts";

/** Says how figures of a unit are written: each table, chart and sentence with a figure asks here. */
export interface UnitForm {
  /** A figure times this is the number that is printed. */
  readonly factor: number;
  /** Digits behind the point. */
  readonly places: number;
  /** Word that stands behind a figure, or in the head of its column. */
  readonly sign: string;
  /** Word behind the difference of two figures. */
  readonly differenceSign: string;
  /** The least and the greatest possible value, as it is stored. */
  readonly range: readonly [least: number, most: number];
}

export const units: Readonly<Record<Metric["unit"], UnitForm>> = {
  fraction: { factor: 100, places: 1, sign: "%", differenceSign: "points", range: [0, 1] },
  clicks: { factor: 1, places: 2, sign: "clicks", differenceSign: "clicks", range: [1, Number.POSITIVE_INFINITY] },
};

/** Returns the least and the greatest possible value of a metric. */
export function rangeOf({ unit, range }: Pick<Metric, "unit" | "range">): UnitForm["range"] {
  return range ?? units[unit].range;
}

/** Returns the unit of a figure, which names it where it is no fraction. */
export function unitOf({ unit = "fraction" }: { readonly unit?: Metric["unit"] | undefined }): Metric["unit"] {
  return unit;
}

/** Returns a figure and its bounds as numbers that are printed: a fraction in percent. */
export function printed(figure: Interval, unit: Metric["unit"]): Interval {
  return scaledInterval(figure, units[unit].factor);
}
