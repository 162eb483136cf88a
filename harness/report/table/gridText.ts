import { type Grid, type GridColumn, type GridNote, groupSpans, noteText } from "./grid.ts";
import { type Column, fitColumns, layout, widthOf, wrap } from "./layout.ts";

const defaults = { width: 160 };

/** Plain text, no line wider than `width` but for a word that is. */
export function gridText({ title, subtitle, columns, notes }: Grid, width = defaults.width): string {
  const names = columns.filter(({ group }) => group === undefined).map((column) => textColumn(column, undefined));
  const groups = groupSpans(columns)
    .filter(({ group }) => group !== undefined)
    .map(({ group, from, count }) => groupColumns(group!, columns.slice(from, from + count)));
  const cut = fitColumns(names, groups, width);
  const lines = notes.map((note) => noteLines(note, width));
  return [`${wrap(title, width, "  ")}\n${wrap(subtitle, width, "  ")}`, ...cut.map(layout), lines.join("\n")]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Lines of a command end so that a shell takes them for one. */
function noteLines(note: GridNote, width: number): string {
  const lines = wrap(noteText(note), note.kind === "command" ? width - 2 : width, "  ");
  return note.kind === "command" ? lines.replaceAll("\n", " \\\n") : lines;
}

/** The group's name stands over its widest column, so that it widens none. */
function groupColumns(group: string, members: readonly GridColumn[]): readonly Column[] {
  const widths = members.map((column) => widthOf(textColumn(column, undefined)));
  const widest = widths.indexOf(Math.max(...widths));
  return members.map((column, i) => textColumn(column, i === widest ? group : ""));
}

function textColumn({ header, align, cells }: GridColumn, group: string | undefined): Column {
  return { header: group === undefined ? [header] : [group, header], align, cells: cells.map(({ text }) => text) };
}
