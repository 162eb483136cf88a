import { largest } from "../../stats/summary.ts";
import { font, palette } from "../charts/vega.ts";
import { type Grid, type GridColumn, groupSpans, noteText, rowCount, type Tone } from "./grid.ts";
import { textWidth, wrapPx } from "./textWidth.ts";

/** Of the table as a picture, pixels. */
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
  /** What a pointer resting on it is told. */
  readonly detail: string;
  /** Of the table, from 0; absent for what is no cell, and stays where it is when rows are sorted. */
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
  /** As for rectangles. */
  readonly row?: number;
}

export interface Picture {
  readonly rectangles: readonly Rectangle[];
  readonly labels: readonly Label[];
}

export interface Frame {
  /** Left edge of each column, and at the end the right edge of the last. */
  readonly edges: readonly number[];
  readonly width: number;
  readonly headers: number;
}

export function frameOf(grid: Grid): Frame {
  const own = grid.columns.map(columnWidth);
  // A group's name may be wider than its columns together: the first takes what is missing.
  for (const { group, from, count } of groupSpans(grid.columns)) {
    const taken = own.slice(from, from + count).reduce((sum, width) => sum + width, 0);
    if (group !== undefined)
      own[from]! += Math.max(0, Math.ceil(textWidth(group, sizes.font, "bold")) + 2 * sizes.pad - taken);
  }
  const edges = [0];
  for (const width of own) edges.push(edges.at(-1)! + width);
  const grouped = grid.columns.some(({ group }) => group !== undefined);
  return { edges, width: Math.max(sizes.least, edges.at(-1)!), headers: (grouped ? 2 : 1) * sizes.header };
}

function columnWidth({ header, cells }: GridColumn): number {
  const widths = [
    textWidth(header, sizes.small, "normal"),
    ...cells.map(({ text }) => textWidth(text, sizes.font, "normal")),
  ];
  return Math.ceil(largest(widths)) + 2 * sizes.pad;
}

export function headerPicture({ columns }: Grid, { edges, headers }: Frame): Picture {
  const right = edges.at(-1)!;
  const rule = (x: number, x2: number, y: number, thick: number, fill: string): Rectangle => ({
    x,
    x2,
    y: y - thick / 2,
    y2: y + thick / 2,
    fill,
    detail: "",
  });
  const groups = groupSpans(columns).flatMap(({ group, from, count }) =>
    group === undefined ? [] : [{ group, left: edges[from]!, right: edges[from + count]! }],
  );
  const y = headers - sizes.header / 2;
  return {
    rectangles: [
      rule(0, right, 0, 1.6, palette.rule),
      rule(0, right, headers, 1, palette.rule),
      ...groups.map((each) => rule(each.left + 5, each.right - 5, sizes.header, 0.8, palette.muted)),
    ],
    labels: [
      ...groups.map((each) =>
        label(each.group, { x: (each.left + each.right) / 2, y: sizes.header / 2, align: "center", weight: "bold" }),
      ),
      ...columns.map((column, i) =>
        label(column.header, {
          ...anchor(column, edges, i),
          y,
          size: sizes.small,
          colour: palette.muted,
          weight: column.group === undefined ? "bold" : "normal",
        }),
      ),
    ],
  };
}

const fills: Readonly<Record<Tone, string | undefined>> = {
  plain: undefined,
  ours: palette.ours,
  open: undefined,
  alike: palette.alike,
  above: palette.above,
  below: palette.below,
};

export function bodyPicture(grid: Grid, { edges, headers }: Frame): Picture {
  const rectangles: Rectangle[] = [];
  const labels: Label[] = [];
  for (const [i, column] of grid.columns.entries())
    for (const [row, { text, tone, detail = "" }] of column.cells.entries()) {
      const top = headers + row * sizes.row;
      const box = { x: edges[i]!, x2: edges[i + 1]!, y: top, y2: top + sizes.row };
      rectangles.push({ ...box, fill: fills[tone] ?? palette.paper, detail: detail || text, row });
      const colour = tone === "open" || text === "–" ? palette.muted : palette.text;
      labels.push(label(text, { ...anchor(column, edges, i), y: top + sizes.row / 2, colour, row }));
    }
  const right = edges.at(-1)!;
  const count = rowCount(grid);
  for (let row = 1; row <= count; row++) {
    const y = headers + row * sizes.row;
    const thick = row === count ? 1.6 : 0.6;
    const fill = row === count ? palette.rule : palette.faintRule;
    rectangles.push({ x: 0, x2: right, y: y - thick / 2, y2: y + thick / 2, fill, detail: "" });
  }
  return { rectangles, labels };
}

const legendTexts: readonly (readonly [tone: Tone, text: string])[] = [
  ["alike", "the paper's value is within our interval"],
  ["above", "ours is higher"],
  ["below", "ours is lower"],
];

/** What the shades of differences mean; nothing where none is shaded. */
export function legendPicture({ columns }: Grid, top: number): Picture {
  const tones = new Set(columns.flatMap(({ cells }) => cells.map(({ tone }) => tone)));
  const side = sizes.small;
  const y = top + sizes.noteLine / 2;
  let x = 0;
  const parts = legendTexts
    .filter(([tone]) => tones.has(tone))
    .map(([tone, text]): Picture => {
      const left = x;
      x += side + 6 + textWidth(text, sizes.small, "normal") + 18;
      return {
        rectangles: [
          {
            x: left,
            x2: left + side,
            y: y - side / 2,
            y2: y + side / 2,
            fill: fills[tone] ?? palette.paper,
            detail: text,
          },
        ],
        labels: [label(text, { x: left + side + 6, y, align: "left", size: sizes.small, colour: palette.muted })],
      };
    });
  return merge(...parts);
}

/** Lines of a note after its first are indented. */
export function notesPicture({ notes }: Grid, top: number, width: number): Picture {
  const lines = notes.flatMap((note) => {
    const [family, style] = note.kind === "command" ? (["monospace", "mono"] as const) : ([font, "normal"] as const);
    return wrapPx(noteText(note), width - sizes.indent, sizes.small, style).map((line, i) => ({
      line,
      family,
      x: i === 0 ? 0 : sizes.indent,
    }));
  });
  return {
    rectangles: [],
    labels: lines.map(({ line, family, x }, i) =>
      label(line, {
        x,
        y: top + (i + 0.5) * sizes.noteLine,
        align: "left",
        size: sizes.small,
        colour: palette.muted,
        family,
      }),
    ),
  };
}

function anchor({ align }: GridColumn, edges: readonly number[], i: number) {
  return align === "left"
    ? ({ x: edges[i]! + sizes.pad, align } as const)
    : ({ x: edges[i + 1]! - sizes.pad, align } as const);
}

function label(text: string, given: Pick<Label, "x" | "y" | "align"> & Partial<Label>): Label {
  return { size: sizes.font, weight: "normal", colour: palette.text, family: font, ...given, text };
}

export function merge(...pictures: readonly Picture[]): Picture {
  return {
    rectangles: pictures.flatMap(({ rectangles }) => rectangles),
    labels: pictures.flatMap(({ labels }) => labels),
  };
}
