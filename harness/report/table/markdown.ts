import { type Grid, noteText, rowCount } from "./grid.ts";

/** A table as GitHub renders it, with its notes as a list. */
export function gridMarkdown(grid: Grid): string {
  const { title, subtitle, columns, notes } = grid;
  const rows = Array.from({ length: rowCount(grid) }, (_, i) =>
    columns.map(({ cells }) => escaped(cells[i]?.text ?? "")),
  );
  const header = columns.map(({ group, header }) => escaped(group === undefined ? header : `${group}: ${header}`));
  const rules = columns.map(({ align }) => (align === "right" ? "---:" : ":---"));
  const table = [header, rules, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const list = notes.map(({ label, text, kind }) =>
    kind === "command" ? `- ${escaped(label)} \`${text}\`` : `- ${escaped(noteText({ label, text, kind }))}`,
  );
  return [`**${escaped(title)}**`, escaped(subtitle), table, list.join("\n")]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Characters that Markdown would take as its own; `~` strikes out on GitHub. */
function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|~#]/g, "\\$&").replaceAll("\n", " ");
}
