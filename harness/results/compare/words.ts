import type { Interval } from "../../stats/intervals.ts";

/** Writes the figures of a comparison. The minus sign is that of mathematics, so that columns align. */

export const none = "–";

/** Writes a fraction as percent. */
export function percent(value: number): string {
  return (100 * value).toFixed(1);
}

/** Writes a difference of fractions in percentage points with its sign; 0.0 has none. */
export function points(difference: number, digits = 1): string {
  return signed(100 * difference, digits);
}

/** Writes an interval of differences as `−4.1 to −3.0`. */
export function pointsRange({ low, high }: Interval): string {
  return low === undefined || high === undefined ? none : `${points(low)} to ${points(high)}`;
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

function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? "−" : "+"}${text}`;
}
