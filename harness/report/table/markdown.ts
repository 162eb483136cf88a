import { type Grid, groupOf, nameOf, noteText, rowsOf } from "./grid.ts";

/** Writes a grid as Markdown that GitHub renders, with its notes as a list. */
export function gridMarkdown(grid: Grid): string {
  const { title, subtitle, columns, notes } = grid;
  const rows = rowsOf(grid).map((row) => row.map(escaped));
  const header = columns.map((column) => {
    const group = groupOf(column);
    return escaped(group === undefined ? nameOf(column) : `${group}: ${nameOf(column)}`);
  });
  const rules = columns.map(({ align }) => (align === "right" ? "---:" : ":---"));
  const table = [header, rules, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const list = notes.map(({ label, text, kind }) =>
    kind === "command" ? `- ${escaped(label)} \`${text}\`` : `- ${escaped(noteText({ label, text, kind }))}`,
  );
  return [`**${escaped(title)}**`, escaped(subtitle), table, list.join("\n")]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Escapes the characters that Markdown would take as its own; `~` strikes out on GitHub. */
function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|~#]/g, "\\$&").replaceAll("\n", " ");
}
