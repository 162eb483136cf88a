import { type Grid, groupOf, nameOf, noteText, rowsOf, type Sign } from "../grid.ts";
import { signCharacters } from "./layout.ts";

/** Writes a grid as Markdown that GitHub renders, with its notes as a list. */
export function gridMarkdown(grid: Grid): string {
  const { title, subtitle, columns, notes } = grid;
  const rows = rowsOf(grid).map((cells, row) =>
    cells.map((text, column) => signed(escaped(text), columns[column]!.marks?.[row]?.signs ?? [])),
  );
  const header = columns.map((column) => {
    const group = groupOf(column);
    return escaped(group === undefined ? nameOf(column) : `${group}: ${nameOf(column)}`);
  });
  const rules = columns.map(({ align }) => (align === "right" ? "---:" : ":---"));
  const table = [header, rules, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const list = notes.map(({ label, text, kind }) =>
    kind === "command" ? `- ${escaped(label)} \`${text}\`` : `- ${escaped(noteText({ label, text, kind }))}`,
  );
  return [title === "" ? "" : `**${escaped(title)}**`, escaped(subtitle), table, list.join("\n")]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Sets the best value of a column in bold; other signs stand behind the text, as in a terminal. */
function signed(text: string, signs: readonly Sign[]): string {
  const others = signs.filter((sign) => sign !== "best").map((sign) => escaped(signCharacters[sign]));
  const word = signs.includes("best") ? `**${text}**` : text;
  return others.length === 0 ? word : `${word} ${others.join("")}`;
}

/** Escapes the characters that Markdown would take as its own; `~` strikes out on GitHub. */
function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|~#]/g, "\\$&").replaceAll("\n", " ");
}
