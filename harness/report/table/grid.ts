/** Text of a cell without a figure. */
export const none = "–";

/** Model of a table: its cells are text already, so every format prints the same figures. */
export interface Grid {
  readonly id: string;
  readonly title: string;
  /** Names what the figures measure: data, prompts, metric. */
  readonly subtitle: string;
  readonly columns: readonly Column[];
  readonly notes: readonly GridNote[];
}

export interface Column {
  /** One to three lines. The last is the column's own name or unit; the lines above it name a group of neighbours. */
  readonly header: readonly string[];
  readonly align: "left" | "right";
  /** One text a row; a text of several lines makes its row as high. */
  readonly cells: readonly string[];
  /** One mark a row, for formats that can show more than text. */
  readonly marks?: readonly (Mark | undefined)[];
}

export interface Mark {
  readonly tone: Tone;
  /** Signs of a cell of results: formats show them as characters or in bold. */
  readonly signs?: readonly Sign[];
  /** Text that a pointer shows while it rests on the cell. */
  readonly detail?: string;
}

/**
 * `best` is the best value of its column, `efficient` the name of a row that no other beats in accuracy and time, `warned` a
 * figure that a warning is about.
 */
export type Sign = "best" | "efficient" | "warned";

/** `ours`, `open` (not measured yet), and where ours lies: `alike` the paper's within its interval, or clearly off. */
export type Tone = "plain" | "ours" | "open" | "alike" | "above" | "below";

export interface GridNote {
  /** `[1]` refers to a cell; any other label names the subject of the note. */
  readonly label: string;
  readonly text: string;
  /** `command` is a line to type: it keeps its characters. */
  readonly kind: "prose" | "command";
  /** A printed table does without advice to whoever runs this program, and without what is to be known of a row alone. */
  readonly screenOnly?: true;
}

/** Neighbours of one group: `from` is the place of the first, `count` their number. */
interface GroupSpan {
  readonly group: string | undefined;
  readonly from: number;
  readonly count: number;
}

/** Returns the name that a column shares with its neighbours; columns without one name the rows. */
export function groupOf({ header }: Column): string | undefined {
  return header.length > 1 ? header.slice(0, -1).join(" ") : undefined;
}

/** Returns the last line of a column's header. */
export function nameOf({ header }: Column): string {
  return header.at(-1) ?? "";
}

export function groupSpans(columns: readonly Column[]): readonly GroupSpan[] {
  const spans: GroupSpan[] = [];
  for (const [from, group] of columns.map(groupOf).entries()) {
    const last = spans.at(-1);
    if (last !== undefined && group !== undefined && last.group === group)
      spans[spans.length - 1] = { ...last, count: last.count + 1 };
    else spans.push({ group, from, count: 1 });
  }
  return spans;
}

/** Returns the texts of a grid row by row. */
export function rowsOf({ columns }: Grid): readonly (readonly string[])[] {
  const count = Math.max(0, ...columns.map(({ cells }) => cells.length));
  return Array.from({ length: count }, (_, row) => columns.map(({ cells }) => cells[row] ?? ""));
}

/** Returns the grid as a paper prints it: without notes for the screen, and with a gap where a cell points to one. */
export function forPrint(grid: Grid): Grid {
  const notes = grid.notes.filter(({ screenOnly }) => screenOnly === undefined);
  const gone = new Set(grid.notes.flatMap(({ screenOnly, label }) => (screenOnly === undefined ? [] : [label])));
  const cellOf = (text: string) => (/^\[\d+\]$/.test(text) && gone.has(text) ? none : text);
  const columns = grid.columns.map((column) => ({
    ...column,
    cells: column.cells.map(cellOf),
    marks: column.marks?.map((mark) => mark && { tone: mark.tone, signs: mark.signs }),
  }));
  return { ...grid, columns, notes };
}

/** Writes a note as `source: …`, and as `[1] …` where it belongs to a cell. */
export function noteText({ label, text }: GridNote): string {
  return `${label}${label.endsWith("]") ? "" : ":"} ${text}`;
}
