/** Marks that stand on the letter before them, and characters that select a form of it: they take no place. */
const zero = /\p{M}/u;

/** Letters and signs of East Asia, and pictures: a terminal gives them two places. Source: Unicode Annex 11, wide and fullwidth. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

/** Characters of one place each, of which most lines are: those of ASCII and Latin-1 that can be seen, and dashes. */
const narrow = /^[ -~\u00a1-\u00ac\u00ae-\u00ff\u2013\u2014]*$/;

/** Returns how many places of a terminal a line takes. */
export function terminalWidth(line: string): number {
  if (narrow.test(line)) return line.length;
  let places = 0;
  for (const character of line) if (!zero.test(character)) places += wide.test(character) ? 2 : 1;
  return places;
}
