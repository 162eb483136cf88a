/**
 * Makes text that a stranger wrote harmless to look at: names in files, categories, manifests, errors of plug-ins.
 * Whatever moves a terminal's cursor, starts a line or turns the direction of writing is shown as an escape, `\x1b`.
 */

/** Matches C0 and C1 controls, line and paragraph separators, zero-width characters, marks of direction, and lone surrogates. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Returns one line, whatever the text is. A text of ordinary characters comes back as it is. */
export function visible(text: string): string {
  return text.replace(unseen, escaped);
}

/** Returns the text with its line ends, for a text of our own. All else is as in `visible`. */
export function visibleLines(text: string): string {
  return text.replace(unseen, (character) => (character === "\n" ? character : escaped(character)));
}

/** Writes C0 controls by two digits, as shells do, and all others so that they mean the same inside JSON. */
function escaped(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  if (character === "\r") return "\\r";
  const code = character.charCodeAt(0);
  if (code < 0x20) return `\\x${code.toString(16).padStart(2, "0")}`;
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
