import { brokenLines } from "./layout.ts";

/**
 * These are the widths of characters of DejaVu Sans, in parts of the font's size. It is the widest of the fonts that charts
 * may be drawn with, so text laid out for it fits in Helvetica and Arial too.
 */
const groups: readonly (readonly [characters: string, width: number])[] = [
  [" .,:;'|!()[]{}ijlIft/\\†", 0.4],
  ["mwMWQO@%", 0.98],
  ["+−=<>±×", 0.84],
];
const otherwise = { upper: 0.72, lower: 0.63 };
const widths = new Map(groups.flatMap(([characters, width]) => [...characters].map((each) => [each, width] as const)));

/** Width of each character of a monospaced font. */
const mono = 0.605;

const boldFactor = 1.1;

type FontStyle = "normal" | "bold" | "mono";

/** Returns about how many pixels a line takes at most. */
export function textWidth(text: string, size: number, style: FontStyle): number {
  if (style === "mono") return [...text].length * mono * size;
  const sum = [...text].reduce((total, each) => total + (widths.get(each) ?? letterWidth(each)), 0);
  return sum * size * (style === "bold" ? boldFactor : 1);
}

/** Breaks text at blanks, so that no line is wider than `width` pixels. */
export function wrapPx(text: string, width: number, size: number, style: FontStyle): string[] {
  return brokenLines(text, (line) => textWidth(line, size, style) <= width);
}

function letterWidth(letter: string): number {
  return /[A-Z]/.test(letter) ? otherwise.upper : otherwise.lower;
}
