import { largest } from "../../../stats/summary.ts";
import { visibleLines } from "../../../visible.ts";
import type { Column, Sign } from "../grid.ts";
import { terminalWidth } from "./terminalWidth.ts";

const gap = "  ";

/** How signs of cells are shown: as characters alone, or the best of a column in bold, as a terminal in colour can. */
export type SignStyle = "characters" | "bold";

/** The characters that stand behind a cell for its signs. */
export const signCharacters: Readonly<Record<Sign, string>> = { best: "*", efficient: "^", warned: "!" };

/** The sequences by which a terminal begins and ends bold. */
export const bold = { on: "\u001b[1m", off: "\u001b[22m" };

/**
 * Writes columns side by side under a rule: the text reads the same in a terminal, a file and a mail. Headers end on one line,
 * cells begin on one.
 */
export function layout(columns: readonly Column[], style: SignStyle = "characters"): string {
  const signed = columns.map((column) => ({ ...column, cells: signedCells(column, style) }));
  const widths = signed.map(widthOf);
  const padded = (cells: readonly string[]) =>
    cells.map((cell, i) => {
      const blanks = " ".repeat(widths[i]! - terminalWidth(cell));
      return columns[i]!.align === "right" ? blanks + cell : cell + blanks;
    });
  const headerLines = Math.max(...columns.map(({ header }) => header.length));
  const header = numbers(headerLines).map((i) =>
    joined(padded(columns.map((column) => column.header[i - headerLines + column.header.length] ?? ""))),
  );
  const rows = Math.max(...columns.map(({ cells }) => cells.length));
  const body = numbers(rows).flatMap((row) => {
    const cells = signed.map((column) => linesOf(column.cells[row] ?? ""));
    const isBold = columns.map(({ marks }) => style === "bold" && marks?.[row]?.signs?.includes("best"));
    const lines = Math.max(...cells.map((cell) => cell.length));
    return numbers(lines).map((i) =>
      joined(
        padded(cells.map((cell) => cell[i] ?? "")).map((cell, column) =>
          isBold[column] ? `${bold.on}${cell}${bold.off}` : cell,
        ),
      ),
    );
  });
  return [...header, joined(widths.map((width) => "-".repeat(width))), ...body].join("\n");
}

function joined(cells: readonly string[]): string {
  return cells.join(gap).trimEnd();
}

/** Returns the cells with their signs; figures of a column stay in line because every cell has room for as many. */
function signedCells({ cells, marks = [], align }: Column, style: SignStyle): readonly string[] {
  const signs = cells.map((_, row) =>
    (marks[row]?.signs ?? [])
      .filter((sign) => style === "characters" || sign !== "best")
      .map((sign) => signCharacters[sign])
      .join(""),
  );
  if (align === "left") return cells.map((cell, row) => (signs[row] === "" ? cell : `${cell} ${signs[row]}`));
  const room = largest([0, ...signs.map(({ length }) => length)]);
  return cells.map((cell, row) => cell + signs[row]!.padEnd(room));
}

/** Returns how many places a column takes in a terminal, without the gap before it and without signs. */
export function widthOf({ header, cells }: Column): number {
  return largest([...header, ...cells.flatMap(linesOf)].map(terminalWidth));
}

/** Returns the same with signs. */
export function signedWidth(column: Column, style: SignStyle): number {
  return widthOf({ ...column, cells: signedCells(column, style) });
}

/** Returns how many places columns take side by side, with their signs. */
export function tableWidth(columns: readonly Column[], style: SignStyle = "characters"): number {
  return widthBeside(columns.map((column) => signedWidth(column, style)));
}

/** Returns how many places columns of these widths take side by side. */
export function widthBeside(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + gap.length + width, -gap.length);
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
  const widths = new Map([...stub, ...groups.flat()].map((column) => [column, signedWidth(column, "characters")]));
  const fits = (columns: readonly Column[]) =>
    widthBeside([...stub, ...columns].map((column) => widths.get(column) ?? 0)) <= width;
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
  return brokenLines(text, (line) => terminalWidth(line) <= width, indent).join("\n");
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
