/** Text laid out in columns: reads the same in a terminal, a file and a mail. */

import { largest } from "../../stats/summary.ts";
import { visibleLines } from "../../visible.ts";

export interface Column {
  /** One to three lines, the unit in the last. */
  readonly header: readonly string[];
  readonly align: "left" | "right";
  /** One a row; a cell of several lines makes its row as high. */
  readonly cells: readonly string[];
}

const gap = "  ";

/** Columns side by side under a rule; headers end on one line, cells begin on one. */
export function layout(columns: readonly Column[]): string {
  const widths = columns.map(widthOf);
  const format = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (columns[i]!.align === "right" ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join(gap)
      .trimEnd();
  const headerLines = Math.max(...columns.map(({ header }) => header.length));
  const header = numbers(headerLines).map((i) =>
    format(columns.map((column) => column.header[i - headerLines + column.header.length] ?? "")),
  );
  const rows = Math.max(...columns.map(({ cells }) => cells.length));
  const body = numbers(rows).flatMap((row) => {
    const cells = columns.map((column) => linesOf(column.cells[row] ?? ""));
    const lines = Math.max(...cells.map((cell) => cell.length));
    return numbers(lines).map((i) => format(cells.map((cell) => cell[i] ?? "")));
  });
  return [...header, format(widths.map((width) => "-".repeat(width))), ...body].join("\n");
}

/** Characters a column takes, the gap before it left out. */
export function widthOf({ header, cells }: Column): number {
  return largest([...header, ...cells.flatMap(linesOf)].map((line) => line.length));
}

/** As they will be shown, so that an escaped character has its width. */
function linesOf(cell: string): readonly string[] {
  return visibleLines(cell).split("\n");
}

/**
 * Cuts columns into as many tables as the width asks for; each begins with `stub`, so that its rows have names. A group stays
 * together where it can: what does not fit beside those before it begins a table. A column too wide by itself stands alone.
 */
export function fitColumns(
  stub: readonly Column[],
  groups: readonly (readonly Column[])[],
  width: number,
): readonly (readonly Column[])[] {
  const fits = (columns: readonly Column[]) =>
    [...stub, ...columns].reduce((sum, column) => sum + gap.length + widthOf(column), -gap.length) <= width;
  const tables: Column[][] = [[]];
  const add = (columns: readonly Column[]) => {
    const last = tables.at(-1)!;
    if (last.length === 0 || fits([...last, ...columns])) last.push(...columns);
    else tables.push([...columns]);
  };
  for (const group of groups) {
    if (fits(group)) add(group);
    else for (const column of group) add([column]);
  }
  return tables.map((columns) => [...stub, ...columns]);
}

/** Breaks at blanks; lines after the first are indented. A word longer than the width stays whole. */
export function wrap(text: string, width: number, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}
