import { unitOf } from "../../metrics/index.ts";
import type { Score } from "../../results/report.ts";
import type { LatencySummary } from "../../stats/summary.ts";
import { threeDigits, unitText } from "./intervalText.ts";

/** Figures as the cells of a result table show them. */

/** Writes two to three digits, and always all digits before the point. */
export function scaledText(value: number, factor = 1): string {
  const number = value * factor;
  const size = Math.abs(number);
  return size > 0 && size < 0.095 ? number.toPrecision(2) : threeDigits(number);
}

/** Writes what is left of a whole, and in parentheses the share that is saved. */
export function savedText(left: number, whole: number, factor: number): string {
  return `${scaledText(left, factor)} (${(100 * (1 - left / whole)).toFixed(1)} %)`;
}

/** Writes bytes in MB of 10^6 bytes. */
export function megabytesText(bytes: number): string {
  return bytes < 9.95e6 ? (bytes / 1e6).toFixed(1) : (bytes / 1e6).toFixed(0);
}

export function quartilesText({ q1, q3 }: LatencySummary): string {
  return `[${scaledText(q1)}–${scaledText(q3)}]`;
}

/** Writes a figure with its interval, a fraction as percent; n stands beside it where rows differ in it. */
export function scoreText(score: Score, n: "with n" | "without n"): string {
  const text = unitText(score, unitOf(score));
  return n === "with n" ? `${text} (${score.n})` : text;
}

/** Writes what a prompts name stands for where it is a number of points: `1p` is `1 point`. */
export function promptsText(name: string): string {
  const [, count] = /^(\d+)p$/.exec(name) ?? [];
  if (count === undefined) return name;
  return `${count} point${count === "1" ? "" : "s"}`;
}
