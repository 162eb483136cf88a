/**
 * Widths of the printable ASCII characters in thousandths of the font size. They are those of DejaVu Sans, the widest of the
 * fonts that charts name: what has room in it has room in the others.
 */
const widths = [
  ...[318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337],
  ...[636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531],
  ...[1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787],
  ...[603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500],
  ...[500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612],
  ...[635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838],
] as const;

/** Width of every other character: that of an em, which no letter exceeds. */
const other = 1000;

const bold = 1.1;

/** Returns the width of a text in px: no font that charts name draws it wider. */
export function textWidthPx(text: string, fontSize: number, weight: "normal" | "bold" = "normal"): number {
  let sum = 0;
  for (const character of text) sum += widths[character.codePointAt(0)! - 32] ?? other;
  return ((sum * fontSize) / 1000) * (weight === "bold" ? bold : 1);
}
