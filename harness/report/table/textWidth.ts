/**
 * Widths of characters of DejaVu Sans, the widest of the fonts that charts may be drawn with, in parts of the font's size:
 * text laid out for it fits in Helvetica and Arial too.
 */
const groups: readonly (readonly [characters: string, width: number])[] = [
  [" .,:;'|!()[]{}ijlIft/\\†", 0.4],
  ["mwMWQO@%", 0.98],
  ["+−=<>±×", 0.84],
];
const otherwise = { upper: 0.72, lower: 0.63 };
const widths = new Map(groups.flatMap(([characters, width]) => [...characters].map((each) => [each, width] as const)));

/** Of every character of a monospaced font. */
const mono = 0.605;

const boldFactor = 1.1;

/** Pixels that a line takes at most, about. */
export function textWidth(text: string, size: number, style: "normal" | "bold" | "mono"): number {
  if (style === "mono") return [...text].length * mono * size;
  const sum = [...text].reduce((total, each) => total + (widths.get(each) ?? letterWidth(each)), 0);
  return sum * size * (style === "bold" ? boldFactor : 1);
}

/** Breaks at blanks, so that no line is wider. */
export function wrapPx(text: string, width: number, size: number, style: "normal" | "bold" | "mono"): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || textWidth(longer, size, style) <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

function letterWidth(letter: string): number {
  return /[A-Z]/.test(letter) ? otherwise.upper : otherwise.lower;
}
