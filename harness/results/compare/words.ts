import type { Metric } from "../../api.ts";
import { units } from "../../metrics/index.ts";
import type { Interval } from "../../stats/intervals.ts";

/** Writes the figures of a comparison. The minus sign is that of mathematics, so that columns align. */

export const none = "–";

/** Writes a fraction as percent. */
export function percent(value: number): string {
  return (100 * value).toFixed(1);
}

/** Writes a figure as the number that its unit prints, without the unit's sign. */
export function figureText(value: number, unit: Metric["unit"]): string {
  const { factor, places } = units[unit];
  return (factor * value).toFixed(places);
}

/** Writes a difference of two figures with its sign, fractions in percentage points; 0.0 has none. */
export function differenceText(difference: number, unit: Metric["unit"], more = 0): string {
  const { factor, places } = units[unit];
  return signed(factor * difference, places + more);
}

/** Writes an interval of differences as `−4.1 to −3.0`. */
export function differenceRange({ low, high }: Interval, unit: Metric["unit"]): string {
  return low === undefined || high === undefined
    ? none
    : `${differenceText(low, unit)} to ${differenceText(high, unit)}`;
}

/**
 * Writes the smallest difference that would have shown, with its unit. It is at least one of the last digit, because none that would
 * have shown is told as 0.
 */
export function detectableText(detectable: number, unit: Metric["unit"]): string {
  const { factor, places, differenceSign } = units[unit];
  return `${figureText(Math.max(detectable, 10 ** -places / factor), unit)} ${differenceSign}`;
}

/** Writes a ratio as the change that it makes: 1.12 is `+12.0`. */
export function change(ratio: number): string {
  return signed(100 * (ratio - 1), 1);
}

export function changeRange({ low, high }: Interval): string {
  return low === undefined || high === undefined ? none : `${change(low)} to ${change(high)}`;
}

/** Writes a p value with three digits, which are all that a thousand draws know. */
export function pValue(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

export function milliseconds(ms: number): string {
  return ms.toFixed(ms < 9.995 ? 2 : ms < 99.95 ? 1 : 0);
}

/** Writes a number from 0 to 1, `scale` times as large; whatever is less than 1 is never rounded up to it. */
export function belowOne(value: number, digits: number, scale = 1): string {
  const text = (scale * value).toFixed(digits);
  return value < 1 && Number(text) === scale ? (scale - 10 ** -digits).toFixed(digits) : text;
}

/** Writes a small number with two digits, as `1.6e-7`; 0 is `0`. */
export function small(value: number): string {
  return value === 0 ? "0" : value.toExponential(1);
}

function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? "−" : "+"}${text}`;
}
