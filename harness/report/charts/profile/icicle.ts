import { textWidthPx } from "../drawing/textSize.ts";
import { type ChartSpec, ownChart, palette } from "../drawing/vega.ts";
import type { IciclePicture, LeafTime } from "./picture.ts";

const size = { width: 1080, row: 44, font: 11, padding: 8 };

/** Names of the rows, from the top. */
const levels = ["run", "block", "layer", "operator"] as const;

const unexplained = "unexplained";

/** A rectangle: a module or an operator with its time, beside those that ran before it and below the one that holds it. */
interface Piece {
  readonly level: number;
  readonly name: string;
  readonly operator: string;
  readonly from: number;
  readonly to: number;
}

/** Draws a run as an icicle: the whole time on top, below it blocks, their layers, and these by operator, each as wide as its time. */
export function profileIcicle({ title, subtitle, runMs, leaves }: IciclePicture): ChartSpec {
  const pieces = piecesOf(leaves, runMs);
  const total = Math.max(...pieces.map(({ to }) => to));
  const rows = pieces.map(({ level, from, to, ...piece }) => ({
    ...piece,
    kind: levels[level],
    from,
    to,
    top: level,
    bottom: level + 1,
    middle: (from + to) / 2,
    centre: level + 0.5,
    time: to - from,
    label: fitting(shortName(piece.name), ((to - from) / total) * size.width),
  }));
  const operators = slowestFirst(leaves);
  const x = {
    field: "from",
    type: "quantitative",
    title: "ms, in the order of the run",
    axis: { grid: false },
  } as const;
  const y = {
    field: "top",
    type: "quantitative",
    scale: { reverse: true, domain: [0, levels.length] as number[] },
    axis: null,
  } as const;
  const tooltip = [
    { field: "name", type: "nominal" },
    { field: "kind", type: "nominal" },
    { field: "time", type: "quantitative", format: ".2f", title: "ms" },
  ] as const;
  return ownChart(
    { title, subtitle, width: size.width, height: levels.length * size.row },
    {
      data: { values: rows },
      layer: [
        {
          mark: { type: "rect", stroke: palette.paper, strokeWidth: 0.5 },
          encoding: {
            x: { ...x, scale: { domain: [0, total], nice: false } },
            x2: { field: "to" },
            y,
            y2: { field: "bottom" },
            color: {
              field: "operator",
              type: "nominal",
              title: null,
              scale: { domain: ["", ...operators], range: [palette.faintRule, ...coloursOf(operators.length)] },
              legend: { values: operators, orient: "bottom", columns: 6 },
            },
            tooltip: [...tooltip],
          },
        },
        {
          mark: { type: "text", fontSize: size.font, color: palette.text },
          encoding: {
            x: { ...x, field: "middle" },
            y: { ...y, field: "centre" },
            text: { field: "label", type: "nominal" },
          },
        },
      ],
    },
  );
}

/** Kinds of operators that have a colour; the others are one more kind. */
const coloured = 6;
const rest = "other";

function slowestFirst(leaves: readonly LeafTime[]): string[] {
  const times = new Map<string, number>();
  for (const { operator, timeMs } of leaves) times.set(operator, (times.get(operator) ?? 0) + timeMs);
  const sorted = [...times].sort(([, a], [, b]) => b - a).map(([operator]) => operator);
  return sorted.length > coloured ? [...sorted.slice(0, coloured), rest] : sorted;
}

/** Returns light colours, on which dark text can be read; with any colour vision neighbours are told apart. */
function coloursOf(count: number): string[] {
  return ["#56b4e9", "#e69f00", "#f0e442", "#66c2a5", "#dda3c2", "#e8865a", "#a8b1ba"].slice(0, count);
}

function piecesOf(leaves: readonly LeafTime[], runMs: number): readonly Piece[] {
  const operators = new Set(slowestFirst(leaves));
  const pieces: Piece[] = [];
  let at = 0;
  // Nodes of one block may lie among those of another: each block is drawn where it begins.
  for (const [block, ofBlock] of groupsOf(leaves, ({ block }) => block)) {
    const from = at;
    for (const [layer, ofLayer] of groupsOf(ofBlock, ({ layer }) => layer)) {
      const begin = at;
      for (const { operator, timeMs } of ofLayer) {
        const kind = operators.has(operator) ? operator : rest;
        pieces.push({ level: 3, name: operator, operator: kind, from: at, to: at + timeMs });
        at += timeMs;
      }
      pieces.push({ level: 2, name: layer, operator: "", from: begin, to: at });
    }
    pieces.push({ level: 1, name: block, operator: "", from, to: at });
  }
  // Medians of parts may add up to more than the median of the whole.
  if (runMs > at) pieces.push({ level: 1, name: unexplained, operator: "", from: at, to: runMs });
  pieces.push({ level: 0, name: "one run of the graph", operator: "", from: 0, to: Math.max(at, runMs) });
  return pieces;
}

function groupsOf(leaves: readonly LeafTime[], keyOf: (leaf: LeafTime) => string): ReadonlyMap<string, LeafTime[]> {
  const groups = new Map<string, LeafTime[]>();
  for (const leaf of leaves) groups.set(keyOf(leaf), [...(groups.get(keyOf(leaf)) ?? []), leaf]);
  return groups;
}

/** Returns the end of a module's name that tells it from its neighbours: `blocks.3`, `lin1`. */
function shortName(name: string): string {
  return /(?:[^.]+\.\d+|[^.]+)$/.exec(name)?.[0] ?? name;
}

function fitting(text: string, widthPx: number): string {
  return textWidthPx(text, size.font, "normal") + size.padding <= widthPx ? text : "";
}
