import { largest } from "../../stats/summary.ts";
import { visibleLines } from "../../visible.ts";
import type { Column } from "./grid.ts";

const gap = "  ";

/**
 * Writes columns side by side under a rule: the text reads the same in a terminal, a file and a mail. Headers end on one line,
 * cells begin on one.
 */
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

/** Returns how many characters a column takes, without the gap before it. */
export function widthOf({ header, cells }: Column): number {
  return largest([...header, ...cells.flatMap(linesOf)].map((line) => line.length));
}

/** Returns the lines as they will be shown, so that an escaped character counts with its width. */
function linesOf(cell: string): readonly string[] {
  return visibleLines(cell).split("\n");
}

/**
 * Cuts columns into as many tables as the width asks for; each begins with `stub`, so that its rows have names. A group stays
 * together where it can: a group that does not fit beside those before it begins a table. A column too wide for any table has
 * one of its own.
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

/**
 * Writes text in lines no longer than `width`: it breaks at blanks, and lines after the first are indented. A word longer
 * than the width stays whole.
 */
export function wrap(text: string, width: number, indent = ""): string {
  return brokenLines(text, (line) => line.length <= width, indent).join("\n");
}

/**
 * Divides text at blanks into lines that fit, and indents the lines after the first. A word that does not fit stays whole.
 */
export function brokenLines(text: string, fits: (line: string) => boolean, indent = ""): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || fits(longer)) line = longer;
    else {
      lines.push(line);
      line = `${indent}${word}`;
    }
  }
  return [...lines, line];
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}
