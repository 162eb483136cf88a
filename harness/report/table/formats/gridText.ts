import { type Column, type Grid, type GridNote, groupOf, groupSpans, nameOf, noteText } from "../grid.ts";
import { fitColumns, layout, widthOf, wrap } from "./layout.ts";

const defaults = { width: 160 };

/** Writes a grid as plain text. No line is wider than `width`, unless one word is. */
export function gridText({ title, subtitle, columns, notes }: Grid, width = defaults.width): string {
  const names = columns.filter((column) => groupOf(column) === undefined);
  const groups = groupSpans(columns)
    .filter(({ group }) => group !== undefined)
    .map(({ from, count }) => namedOnce(columns.slice(from, from + count)));
  const cut = fitColumns(names, groups, width);
  const lines = notes.map((note) => noteLines(note, width));
  return [
    `${wrap(title, width, "  ")}\n${wrap(subtitle, width, "  ")}`,
    ...cut.map((each) => layout(each)),
    lines.join("\n"),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Ends the lines of a command so that a shell reads them as one. */
function noteLines(note: GridNote, width: number): string {
  const lines = wrap(noteText(note), note.kind === "command" ? width - 2 : width, "  ");
  return note.kind === "command" ? lines.replaceAll("\n", " \\\n") : lines;
}

/** Puts the group's name over its widest column alone, so that the name widens none. */
function namedOnce(members: readonly Column[]): readonly Column[] {
  const widths = members.map((column) => widthOf({ ...column, header: [nameOf(column)] }));
  const widest = widths.indexOf(Math.max(...widths));
  return members.map((column, i) => {
    const group = i === widest ? groupOf(column)! : "";
    return { ...column, header: [group, nameOf(column)] };
  });
}
