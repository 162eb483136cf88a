import { describe, expect, test } from "vitest";
import type { Tensor } from "../../harness/api.ts";
import { runGraph } from "../../harness/onnx/fixtures/runGraph.ts";
import { GraphBuilder } from "../../harness/onnx/index.ts";
import { seededCheckpoint, seededTensor } from "../../harness/weights/index.ts";
import type { Dilation } from "./config.ts";
import { attendByOffset, offsetOrder } from "./dilatedAttention.ts";
import { sliceByOffset } from "./reference.ts";

const sizes = { width: 8, heads: 2, grid: 8 };
const tokens = sizes.grid ** 2;
const headWidth = sizes.width / sizes.heads;
const feeds = { query: noise("q"), key: noise("k"), value: noise("v") };
/** The largest error allowed on values around 1: float32 sums in another order come to less. */
const tolerance = 2e-6;

/** Computes attention straight from the definition: a token attends to those of its segment that lie a multiple of r away. */
function direct({ segment, rate }: Dilation): number[] {
  const q = feeds.query.data;
  const k = feeds.key.data;
  const v = feeds.value.data;
  const channels = Array.from({ length: headWidth }, (_, channel) => channel);
  return Array.from({ length: tokens * sizes.width }, (_, place) => {
    const i = Math.floor(place / sizes.width);
    const column = place % sizes.width;
    const head = column - (column % headWidth);
    const others = Array.from({ length: tokens }, (_, j) => j);
    const seen = others.filter((j) => Math.floor(j / segment) === Math.floor(i / segment) && (j - i) % rate === 0);
    const dot = (j: number) => channels.reduce((sum, c) => sum + q[i * 8 + head + c]! * k[j * 8 + head + c]!, 0);
    const weights = seen.map((j) => Math.exp(dot(j) / Math.sqrt(headWidth)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return seen.reduce((sum, j, n) => sum + (weights[n]! / total) * v[j * 8 + column]!, 0);
  });
}

const dilations = [16, 64].flatMap((segment) => [1, 2, 4].map((rate) => ({ segment, rate })));

describe.each(dilations)("segments of $segment tokens at stride $rate", (dilation) => {
  const expected = direct(dilation);
  test.each(["fused", "reference"] as const)("give what the definition says, %s", async (kind) => {
    const { y } = await runGraph(graphOf(kind, dilation), feeds);
    expect(y!.dims).toEqual([1, tokens, sizes.width]);
    for (const [i, value] of expected.entries()) expect(Math.abs(y!.data[i]! - value)).toBeLessThan(tolerance);
  });
});

test("one segment at stride 1 is plain attention of all tokens to all", async () => {
  const graph = new GraphBuilder("plain");
  const [query, key, value] = Object.entries(feeds).map(([name, { dims }]) => graph.input(name, dims));
  const attributes = { num_heads: sizes.heads, scale: { float: 1 / Math.sqrt(headWidth) } };
  graph.output("y", graph.op("MultiHeadAttention", [query, key, value], attributes));
  const { y: plain } = await runGraph(graph.finish(), feeds);
  for (const kind of ["fused", "reference"] as const) {
    const { y } = await runGraph(graphOf(kind, { segment: tokens, rate: 1 }), feeds);
    for (const [i, expected] of plain!.data.entries()) expect(Math.abs(y!.data[i]! - expected)).toBeLessThan(tolerance);
  }
});

test("places go segment by segment, and within one offset by offset", () => {
  expect(offsetOrder(8, { segment: 4, rate: 2 })).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  expect(offsetOrder(6, { segment: 6, rate: 3 })).toEqual([0, 3, 1, 4, 2, 5]);
});

test("segments that do not fill the sequence, and offsets of unequal length, are refused while building", () => {
  expect(() => offsetOrder(10, { segment: 4, rate: 2 })).toThrow("10 tokens do not fall into segments of 4");
  expect(() => offsetOrder(49, { segment: 49, rate: 2 })).toThrow("and these into 2 offsets");
});

function graphOf(kind: "fused" | "reference", dilation: Dilation) {
  const graph = new GraphBuilder("attention");
  const module = { graph, checkpoint: seededCheckpoint(), path: "" };
  const [query, key, value] = Object.entries(feeds).map(([name, { dims }]) => graph.input(name, dims));
  const attend = kind === "fused" ? attendByOffset : sliceByOffset;
  graph.output("y", attend(module, { query: query!, key: key!, value: value! }, { ...sizes, ...dilation }));
  return graph.finish();
}

/** Returns seeded values between -2 and 2. */
function noise(name: string): Tensor {
  const dims = [1, tokens, sizes.width];
  return { dims, data: seededTensor(`${name}.pos_embed`, dims).map((value) => 4 * value) };
}
