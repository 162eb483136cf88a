import type { Metric } from "../../api.ts";
import { printed, units } from "../../metrics/index.ts";
import { type Interval, intervalMethod } from "../../stats/intervals.ts";

/**
 * Writes a figure with its interval: `42.0 ±0.3` where both bounds are equally far from it, `12.9 [0.0, 34.2]` where they
 * are not, because ± would name values that can not be. A figure without bounds is written alone.
 */
export function intervalText({ value, low, high }: Interval, places: number): string {
  const figure = value.toFixed(places);
  if (low === undefined || high === undefined) return figure;
  const below = value - low;
  const above = high - value;
  // Less than half of the last digit apart, the halves are the same in print.
  if (Math.abs(above - below) < 0.5 * 10 ** -places) return `${figure} ±${((below + above) / 2).toFixed(places)}`;
  return `${figure} [${low.toFixed(places)}, ${high.toFixed(places)}]`;
}

/** Writes three digits, and always all digits before the point. */
export function threeDigits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

/** Writes a figure with its interval as the numbers that its unit prints, without the unit's sign. */
export function unitText(figure: Interval, unit: Metric["unit"]): string {
  return intervalText(printed(figure, unit), units[unit].places);
}

/** Says what the signs of `intervalText` mean. */
export const intervalMeaning = `± half the width of the 95 % interval, [low, high] where it is not symmetric (${intervalMethod}, none from fewer than 5 images)`;
