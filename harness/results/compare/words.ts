import type { Interval } from "../../stats/intervals.ts";

/** How figures of a comparison are written; the minus sign is the one of mathematics, so that columns align. */

export const none = "–";

/** A fraction as percent. */
export function percent(value: number): string {
  return (100 * value).toFixed(1);
}

/** A difference of fractions in percentage points, with its sign; 0.0 has none. */
export function points(difference: number, digits = 1): string {
  return signed(100 * difference, digits);
}

/** `−4.1 to −3.0` */
export function pointsRange({ low, high }: Interval): string {
  return low === undefined || high === undefined ? none : `${points(low)} to ${points(high)}`;
}

/** A ratio as the change it makes: 1.12 is `+12.0`. */
export function change(ratio: number): string {
  return signed(100 * (ratio - 1), 1);
}

export function changeRange({ low, high }: Interval): string {
  return low === undefined || high === undefined ? none : `${change(low)} to ${change(high)}`;
}

/** Three digits are all that a thousand draws know. */
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
