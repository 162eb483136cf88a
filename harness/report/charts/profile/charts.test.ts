import { expect, test } from "vitest";
import { chartSvg, chartWarnings } from "../drawing/vega.ts";
import { profileBars } from "./bars.ts";
import { profileIcicle } from "./icicle.ts";

const leaves = [
  { block: "enc.blocks.0", layer: "enc.blocks.0.attn", operator: "MatMul", timeMs: 30 },
  { block: "enc.blocks.0", layer: "enc.blocks.0.lin", operator: "MatMul", timeMs: 20 },
  { block: "enc.blocks.0", layer: "enc.blocks.0.attn", operator: "Softmax", timeMs: 10 },
  { block: "enc.neck", layer: "enc.neck.0", operator: "Conv", timeMs: 25 },
];
const titled = { title: "Where the time goes", subtitle: "100 ms" };

interface Piece {
  readonly name: string;
  readonly kind: string;
  readonly from: number;
  readonly to: number;
}

test("an icicle's pieces lie below what holds them, and the rest of the run is unexplained", () => {
  const { data } = profileIcicle({ ...titled, runMs: 100, leaves }) as unknown as {
    readonly data: { readonly values: readonly Piece[] };
  };
  const placed = data.values.map(({ kind, name, from, to }) => [kind, name, from, to]);
  expect(placed).toEqual([
    ["operator", "MatMul", 0, 30],
    ["operator", "Softmax", 30, 40],
    ["layer", "enc.blocks.0.attn", 0, 40],
    ["operator", "MatMul", 40, 60],
    ["layer", "enc.blocks.0.lin", 40, 60],
    ["block", "enc.blocks.0", 0, 60],
    ["operator", "Conv", 60, 85],
    ["layer", "enc.neck.0", 60, 85],
    ["block", "enc.neck", 60, 85],
    ["block", "unexplained", 85, 100],
    ["run", "one run of the graph", 0, 100],
  ]);
});

test("both charts are drawn without a warning, and names that have no room are left out", async () => {
  const blocks = [
    { name: "enc.blocks.0", timeMs: 60, ofCeiling: 0.8, gmacsPerSecond: 90 },
    { name: "enc.neck", timeMs: 25 },
  ];
  const charts = [profileIcicle({ ...titled, runMs: 100, leaves }), profileBars({ ...titled, blocks })];
  for (const chart of charts) expect(await chartWarnings(chart)).toEqual([]);
  const [icicle, bars] = await Promise.all(charts.map(chartSvg));
  expect(icicle).toContain(">blocks.0<");
  expect(bars).toContain("90 GMAC/s, 80 %");
});
