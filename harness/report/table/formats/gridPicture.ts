import { largest } from "../../../stats/summary.ts";
import { font, palette } from "../../charts/drawing/vega.ts";
import { type Column, type Grid, groupSpans, nameOf, none, noteText, rowsOf, type Tone } from "../grid.ts";
import { textWidth, wrapPx } from "./textWidth.ts";

/** Pixels of a table that is drawn. */
export const sizes = {
  font: 13,
  small: 11,
  row: 26,
  header: 24,
  pad: 9,
  noteLine: 16,
  gap: 14,
  least: 620,
  margin: 16,
  indent: 14,
  title: 15,
  titleLine: 19,
  subtitle: 12,
  subtitleLine: 16,
  titleGap: 14,
};

export interface Rectangle {
  readonly x: number;
  readonly x2: number;
  readonly y: number;
  readonly y2: number;
  readonly fill: string;
  /** Text that a pointer shows while it rests on the rectangle. */
  readonly detail: string;
  /** Row of the table, from 0. A rectangle without one belongs to no cell and keeps its place when rows are sorted. */
  readonly row?: number;
}

export interface Label {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly align: "left" | "right" | "center";
  readonly size: number;
  readonly weight: "normal" | "bold";
  readonly colour: string;
  readonly family: string;
  /** Row of the table, from 0, as a rectangle has it. */
  readonly row?: number;
}

/** Picture of a grid without its title: it holds rectangles and texts by their places. */
interface Picture {
  readonly rectangles: readonly Rectangle[];
  readonly labels: readonly Label[];
  readonly width: number;
  readonly height: number;
}

type Marks = Pick<Picture, "rectangles" | "labels">;

/** Draws the table, below it the legend of its shades where it has some, then its notes. */
export function gridPicture(grid: Grid): Picture {
  const frame = frameOf(grid);
  const rows = rowsOf(grid).length;
  const below = frame.headers + rows * sizes.row + sizes.gap;
  const legend = legendMarks(grid, below);
  const notesTop = below + (legend.labels.length > 0 ? sizes.row : 0);
  const notes = notesLabels(grid, notesTop, frame.width);
  const parts: readonly Marks[] = [headerMarks(grid, frame), bodyMarks(grid, frame, rows), legend];
  return {
    rectangles: parts.flatMap(({ rectangles }) => rectangles),
    labels: [...parts.flatMap(({ labels }) => labels), ...notes],
    width: frame.width,
    height: notesTop + notes.length * sizes.noteLine,
  };
}

interface Frame {
  /** Left edge of each column, and at the end the right edge of the last. */
  readonly edges: readonly number[];
  readonly width: number;
  readonly headers: number;
}

function frameOf({ columns }: Grid): Frame {
  const own = columns.map(columnWidth);
  // A group's name may be wider than its columns together: the first takes what is missing.
  const groups = namedSpans(columns);
  for (const { group, from, count } of groups) {
    const taken = own.slice(from, from + count).reduce((sum, width) => sum + width, 0);
    own[from]! += Math.max(0, Math.ceil(textWidth(group, sizes.font, "bold")) + 2 * sizes.pad - taken);
  }
  const edges = [0];
  for (const width of own) edges.push(edges.at(-1)! + width);
  const lines = groups.length > 0 ? 2 : 1;
  return { edges, width: Math.max(sizes.least, edges.at(-1)!), headers: lines * sizes.header };
}

function namedSpans(columns: readonly Column[]) {
  return groupSpans(columns).flatMap(({ group, ...span }) => (group === undefined ? [] : [{ group, ...span }]));
}

function columnWidth(column: Column): number {
  const cells = column.cells.map((text) => textWidth(text, sizes.font, "normal"));
  return Math.ceil(largest([textWidth(nameOf(column), sizes.small, "normal"), ...cells])) + 2 * sizes.pad;
}

function headerMarks({ columns }: Grid, { edges, headers }: Frame): Marks {
  const right = edges.at(-1)!;
  const groups = namedSpans(columns).map(({ group, from, count }) => ({
    group,
    left: edges[from]!,
    right: edges[from + count]!,
  }));
  const y = headers - sizes.header / 2;
  return {
    rectangles: [
      rule(0, right, 0, 1.6, palette.rule),
      rule(0, right, headers, 1, palette.rule),
      ...groups.map((each) => rule(each.left + 5, each.right - 5, sizes.header, 0.8, palette.muted)),
    ],
    labels: [
      ...groups.map(({ group, left, right }) =>
        label(group, { x: (left + right) / 2, y: sizes.header / 2, align: "center", weight: "bold" }),
      ),
      ...columns.map((column, i) => {
        const weight = column.header.length > 1 ? "normal" : "bold";
        return label(nameOf(column), { ...anchor(column, edges, i), y, ...small, weight });
      }),
    ],
  };
}

const fills: Readonly<Record<Tone, string>> = {
  plain: palette.paper,
  ours: palette.ours,
  open: palette.paper,
  alike: palette.alike,
  above: palette.above,
  below: palette.below,
};

function bodyMarks({ columns }: Grid, { edges, headers }: Frame, count: number): Marks {
  const rectangles: Rectangle[] = [];
  const labels: Label[] = [];
  for (const [i, column] of columns.entries())
    for (const [row, text] of column.cells.entries()) {
      const { tone = "plain", detail = "" } = column.marks?.[row] ?? {};
      const top = headers + row * sizes.row;
      const box = { x: edges[i]!, x2: edges[i + 1]!, y: top, y2: top + sizes.row };
      rectangles.push({ ...box, fill: fills[tone], detail: detail || text, row });
      const colour = tone === "open" || text === none ? palette.muted : palette.text;
      labels.push(label(text, { ...anchor(column, edges, i), y: top + sizes.row / 2, colour, row }));
    }
  for (let row = 1; row <= count; row++) {
    const [thick, fill] = row === count ? [1.6, palette.rule] : [0.6, palette.faintRule];
    rectangles.push(rule(0, edges.at(-1)!, headers + row * sizes.row, thick, fill));
  }
  return { rectangles, labels };
}

const legendTexts: readonly (readonly [tone: Tone, text: string])[] = [
  ["alike", "the paper's value is within our interval"],
  ["above", "ours is higher"],
  ["below", "ours is lower"],
];

/** Draws what the shades of differences mean; nothing where no cell is shaded. */
function legendMarks({ columns }: Grid, top: number): Marks {
  const tones = new Set(columns.flatMap(({ marks = [] }) => marks.map((mark) => mark?.tone)));
  const side = sizes.small;
  const y = top + sizes.noteLine / 2;
  const rectangles: Rectangle[] = [];
  const labels: Label[] = [];
  let x = 0;
  for (const [tone, text] of legendTexts.filter(([tone]) => tones.has(tone))) {
    rectangles.push({ x, x2: x + side, y: y - side / 2, y2: y + side / 2, fill: fills[tone], detail: text });
    labels.push(label(text, { x: x + side + 6, y, align: "left", ...small }));
    x += side + 6 + textWidth(text, sizes.small, "normal") + 18;
  }
  return { rectangles, labels };
}

/** Returns the lines of all notes; those after the first of a note are indented. */
function notesLabels({ notes }: Grid, top: number, width: number): readonly Label[] {
  const lines = notes.flatMap((note) => {
    const [family, style] = note.kind === "command" ? (["monospace", "mono"] as const) : ([font, "normal"] as const);
    return wrapPx(noteText(note), width - sizes.indent, sizes.small, style).map((line, i) => ({
      line,
      family,
      x: i === 0 ? 0 : sizes.indent,
    }));
  });
  return lines.map(({ line, family, x }, i) =>
    label(line, { x, y: top + (i + 0.5) * sizes.noteLine, align: "left", ...small, family }),
  );
}

/** Style of whatever is smaller and paler than a cell. */
const small = { size: sizes.small, colour: palette.muted };

function anchor({ align }: Column, edges: readonly number[], i: number) {
  return { x: align === "left" ? edges[i]! + sizes.pad : edges[i + 1]! - sizes.pad, align };
}

function label(text: string, given: Pick<Label, "x" | "y" | "align"> & Partial<Label>): Label {
  return { size: sizes.font, weight: "normal", colour: palette.text, family: font, ...given, text };
}

/** Returns a line from `x` to `x2` with its middle at `y`. */
function rule(x: number, x2: number, y: number, thick: number, fill: string): Rectangle {
  return { x, x2, y: y - thick / 2, y2: y + thick / 2, fill, detail: "" };
}
