/** A table before it has a format: cells are text already, so that every format prints the same. */
export interface Grid {
  readonly id: string;
  readonly title: string;
  /** What the figures are of: data, prompts, metric. */
  readonly subtitle: string;
  readonly columns: readonly GridColumn[];
  readonly notes: readonly GridNote[];
}

export interface GridColumn {
  /** Spans neighbours of the same group; the unit is in it. Columns without one name the rows. */
  readonly group?: string;
  readonly header: string;
  readonly align: "left" | "right";
  /** One a row. */
  readonly cells: readonly GridCell[];
}

/** `ours`, `open` (not measured yet), and where ours lies: `alike` the paper's within its interval, or clearly off. */
export type Tone = "plain" | "ours" | "open" | "alike" | "above" | "below";

export interface GridCell {
  readonly text: string;
  readonly tone: Tone;
  /** What a pointer resting on the cell is told. */
  readonly detail?: string;
}

export interface GridNote {
  /** `[1]` of a cell, or what the note is about. */
  readonly label: string;
  readonly text: string;
  /** `command` is a line to type: it keeps its characters. */
  readonly kind: "prose" | "command";
}

/** Neighbours of one group, with the place of the first and their number. */
export interface GroupSpan {
  readonly group: string | undefined;
  readonly from: number;
  readonly count: number;
}

export function groupSpans(columns: readonly GridColumn[]): readonly GroupSpan[] {
  const spans: GroupSpan[] = [];
  for (const [from, { group }] of columns.entries()) {
    const last = spans.at(-1);
    if (last !== undefined && group !== undefined && last.group === group)
      spans[spans.length - 1] = { ...last, count: last.count + 1 };
    else spans.push({ group, from, count: 1 });
  }
  return spans;
}

export function rowCount({ columns }: Grid): number {
  return Math.max(0, ...columns.map(({ cells }) => cells.length));
}

/** `source: …`, and `[1] …` for what belongs to a mark in a cell. */
export function noteText({ label, text }: GridNote): string {
  return `${label}${label.endsWith("]") ? "" : ":"} ${text}`;
}
