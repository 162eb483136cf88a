import { layout, tableWidth, widthOf, wrap } from "../../report/table/formats/layout.ts";
import { terminalWidth } from "../../report/table/formats/terminalWidth.ts";
import { visibleLines } from "../../visible.ts";
import { plainColumn } from "./plainTable.ts";

const defaults = {
  /** Characters of a line where there is no terminal: prose in columns reads well up to about this width. */
  width: 120,
  /** A column of prose that is narrower reads badly; its text then stands below the names of its row. */
  leastProse: 36,
  indent: "  ",
  gap: 2,
};

/** A column that knows what becomes of it where the terminal is narrow. */
export interface FittedColumn {
  readonly header: string;
  /** One text a row; paragraphs of prose are lines. */
  readonly cells: readonly string[];
  /** Prose breaks at its blanks, in lines of at most this many characters. */
  readonly prose?: number;
  /** A column that may be left out; of several the one with the lowest number is left out first. */
  readonly leaves?: number;
}

/**
 * Lays rows out in columns that are no wider than the terminal: prose breaks, what may be left out is, and where prose has no room
 * beside the names it stands below them. Names that commands take are never cut, so one that is wider than the terminal stays
 * whole. Without a width the whole table is written.
 */
export function fittedTable(columns: readonly FittedColumn[], width: number | undefined = defaults.width): string {
  const shown = withoutLeaving(columns, width);
  const prose = shown.filter(isProse);
  const room = width - tableWidth(shown.filter((column) => !isProse(column)).map(plain)) - defaults.gap * prose.length;
  const isWhole = shown.length === columns.length;
  const left = columns.filter((column) => !shown.includes(column)).map(({ header }) => header);
  const table =
    prose.reduce((sum, column) => sum + leastOf(column), 0) > room ? blocks(shown, width) : side(shown, room);
  return isWhole
    ? table
    : `${table}\n\n${wrap(`left out in ${width} columns: ${left.join(", ")}; --json has all`, width, defaults.indent)}`;
}

const isProse = ({ prose }: FittedColumn) => prose !== undefined;

function plain({ header, cells }: FittedColumn) {
  return plainColumn(header, cells);
}

/** Returns the width that a column of prose would like: that of its longest line, or as much as it may have. */
function naturalOf(column: FittedColumn): number {
  const lines = widthOf({ header: [column.header], align: "left", cells: column.cells.map(visibleLines) });
  return Math.max(longestWordOf(column), Math.min(column.prose!, lines));
}

function leastOf(column: FittedColumn): number {
  return Math.max(longestWordOf(column), Math.min(naturalOf(column), defaults.leastProse));
}

/** Returns the width of the longest word, behind the indent of a line that goes on. */
function longestWordOf({ header, cells }: FittedColumn): number {
  const words = cells.flatMap((cell) => visibleLines(cell).split(/\s/));
  const longest = widthOf({ header: [], align: "left", cells: words });
  return Math.max(terminalWidth(header), longest + defaults.indent.length);
}

/** Leaves columns out in their order until names fit beside each other. */
function withoutLeaving(columns: readonly FittedColumn[], width: number): readonly FittedColumn[] {
  let shown = columns;
  for (const leaving of columns.filter(({ leaves }) => leaves !== undefined).sort((a, b) => a.leaves! - b.leaves!)) {
    if (tableWidth(shown.filter((column) => !isProse(column)).map(plain)) <= width) break;
    shown = shown.filter((column) => column !== leaving);
  }
  return shown;
}

/** Writes all columns side by side; prose shares what room the others leave. */
function side(columns: readonly FittedColumn[], room: number): string {
  const widths = new Map<FittedColumn, number>();
  let left = room;
  const prose = columns.filter(isProse).sort((a, b) => naturalOf(a) - naturalOf(b));
  for (const [i, column] of prose.entries()) {
    widths.set(column, Math.min(naturalOf(column), Math.floor(left / (prose.length - i))));
    left -= widths.get(column)!;
  }
  return layout(
    columns.map((column) => {
      const own = widths.get(column);
      if (own === undefined) return plain(column);
      return { header: [column.header], align: "left", cells: column.cells.map((cell) => paragraphs(cell, own)) };
    }),
  );
}

/** Writes each row as a block: the names on a line, and the prose below it. */
function blocks(columns: readonly FittedColumn[], width: number): string {
  const names = columns.filter((column) => !isProse(column));
  const [head, rule, ...rows] = layout(names.map(plain)).split("\n");
  const texts = rows.map((row, i) => {
    const prose = columns
      .filter(isProse)
      .flatMap(({ header, cells }) => (cells[i] === "" ? [] : [`${header}: ${cells[i]}`]));
    return [row, ...prose.map((text) => indented(paragraphs(text, width - defaults.indent.length)))].join("\n");
  });
  return [head, rule, ...texts].join("\n");
}

function paragraphs(text: string, width: number): string {
  return visibleLines(text)
    .split("\n")
    .flatMap((line) => broken(line, width - defaults.indent.length).split("\n"))
    .map((line) => wrap(line, width, defaults.indent))
    .join("\n");
}

/** Breaks words that are longer than a line, behind a slash where there is one: an address goes on in the next line. */
function broken(line: string, width: number): string {
  return line.replaceAll(/\S+/g, (word) => {
    const parts: string[] = [];
    let rest = word;
    while (rest.length > width) {
      const slash = rest.lastIndexOf("/", width - 1);
      const end = slash > 0 ? slash + 1 : width;
      parts.push(rest.slice(0, end));
      rest = rest.slice(end);
    }
    return [...parts, rest].join("\n");
  });
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `${defaults.indent}${line}`)
    .join("\n");
}
