import { expect, test } from "vitest";
import type { OnnxGraph, Tensor } from "../api.ts";
import { runGraph } from "../onnx/fixtures/runGraph.ts";
import { GraphBuilder } from "../onnx/index.ts";
import { linearsOf, toInt8 } from "./int8.ts";

/** Three inputs, two outputs. Each output's largest weight is 127, so that its scale is 1 and integers stay what they are. */
const weights = [
  [127, -3, 50],
  [-8, 127, 1],
];
/** Largest magnitudes 127, 254 (scale 2: odd numbers are rounded to even) and 0. */
const activations = [
  [127, -20, 3],
  [-254, 101, 6],
  [0, 0, 0],
];
const x: Tensor = { dims: [1, 3, 3], data: Float32Array.from(activations.flat()) };

/** Returns a graph with x W^T twice, over a weight in PyTorch's layout and one in ONNX's, and a product of activations. */
function products(length: number | string = 3): OnnxGraph {
  const graph = new GraphBuilder("products");
  const input = graph.input("x", [1, length, 3]);
  const matrix = (name: string, dims: number[], rows: number[][]) =>
    graph.constant(name, "float32", dims, () => Float32Array.from(rows.flat()));
  const turned = [0, 1, 2].map((i) => weights.map((row) => row[i]!));
  const first = matrix("outputs first", [2, 3], weights);
  const second = matrix("inputs first", [3, 2], turned);
  graph.output("a", graph.op("FusedMatMul", [input, first], { transB: 1 }));
  graph.output("b", graph.op("MatMul", [input, second]));
  graph.output("c", graph.op("FusedMatMul", [input, input], { transB: 1 }));
  return graph.finish();
}

/** Sums of whole numbers times the scales of row and output. */
function direct(rows: readonly (readonly number[])[], scales: readonly number[]): number[] {
  return rows.flatMap((row, i) =>
    weights.map((weight) => scales[i]! * weight.reduce((sum, value, j) => sum + value * row[j]!, 0)),
  );
}

test("lists products with constant weights, in both layouts, and no others", () => {
  const both = { layer: "linear", inputs: 3, outputs: 2 };
  expect(linearsOf(products())).toEqual([
    expect.objectContaining({ weight: "outputs first", ...both }),
    expect.objectContaining({ weight: "inputs first", ...both }),
  ]);
});

test("a 1 x 1 convolution that is written as a product is one, and is named so", async () => {
  const graph = new GraphBuilder("pointwise");
  const kernels = graph.constant("kernels", "float32", [2, 3, 1, 1], () => Float32Array.from(weights.flat()));
  const matrix = graph.op("Reshape", [kernels, graph.ints([2, 3])]);
  graph.output("a", graph.op("FusedMatMul", [graph.input("x", [1, 3, 3]), matrix], { transB: 1 }));
  const float = graph.finish();
  expect(linearsOf(float)).toEqual([
    expect.objectContaining({ weight: "kernels", layer: "1 x 1 convolution", inputs: 3, outputs: 2 }),
  ]);
  const integer = toInt8(float, () => ({ activations: "by row" }));
  expect(integer.constants.map(({ name }) => name)).not.toContain("kernels");
  const { a } = await runGraph(integer, { x });
  expect([...a!.data]).toEqual(direct([activations[0]!, [-127, 50, 3], [0, 0, 0]], [1, 2, 1]));
});

// 101 / 2 = 50.5 goes to the even 50.
test("by row: exact integer sums, scaled by row and output", async () => {
  const { a, b } = await runGraph(
    toInt8(products(), () => ({ activations: "by row" })),
    { x },
  );
  const expected = direct([activations[0]!, [-127, 50, 3], [0, 0, 0]], [1, 2, 1]);
  expect(a!.dims).toEqual([1, 3, 2]);
  expect([...a!.data]).toEqual(expected);
  expect([...b!.data]).toEqual(expected);
});

test("rows may be known only when the graph runs", async () => {
  const graph = toInt8(products("points"), () => ({ activations: "by row" }));
  const { a } = await runGraph(graph, { x: { dims: [1, 1, 3], data: Float32Array.of(254, 2, -4) } });
  expect([...a!.data]).toEqual(direct([[127, 1, -2]], [2]));
});

// From -255 to 255 in 255 steps of 2 with zero at 127.5, which goes to the even 128.
test("by tensor: one scale for all rows, from the lowest to the highest value", async () => {
  const rows = [
    [255, -255, 4],
    [6, 8, 10],
    [0, 2, -2],
  ];
  const { a } = await runGraph(
    toInt8(products(), () => ({ activations: "by tensor" })),
    { x: { dims: [1, 3, 3], data: Float32Array.from(rows.flat()) } },
  );
  // 255 / 2 = 127.5 rounds to 128, and 256 is beyond the last integer, 255.
  const integers = [
    [127, -128, 2],
    [3, 4, 5],
    [0, 1, -1],
  ];
  expect([...a!.data]).toEqual(direct(integers, [2, 2, 2]));
});

test("given scales of activations and weights, with zeros off the middle", async () => {
  const how = {
    activations: { scale: 0.5, zeroPoint: 10 },
    weights: [
      { scale: 16, zeroPoint: 250 },
      { scale: 8, zeroPoint: 3 },
    ],
  };
  const { a } = await runGraph(
    toInt8(products(), () => how),
    { x },
  );
  const clamped = (value: number, { scale, zeroPoint }: { scale: number; zeroPoint: number }) =>
    Math.min(Math.max(Math.round(value / scale) + zeroPoint, 0), 255) - zeroPoint;
  const expected = activations.flatMap((row) =>
    weights.map((weight, i) => {
      const of = how.weights[i]!;
      return 0.5 * of.scale * weight.reduce((sum, w, j) => sum + clamped(w, of) * clamped(row[j]!, how.activations), 0);
    }),
  );
  expect([...a!.data]).toEqual(expected);
});

test("what is not chosen stays float; activations that several products take are quantised once", async () => {
  const one = toInt8(products(), ({ weight }) => (weight === "inputs first" ? { activations: "by row" } : undefined));
  const { a, b } = await runGraph(one, { x });
  expect([...a!.data]).toEqual(direct(activations, [1, 1, 1]));
  expect([...b!.data]).toEqual(direct([activations[0]!, [-127, 50, 3], [0, 0, 0]], [1, 2, 1]));
  expect(one.constants.map(({ name }) => name)).not.toContain("inputs first");
  const both = toInt8(products(), () => ({ activations: "by row" }));
  expect(both.nodes.filter(({ operator }) => operator === "QuantizeLinear")).toHaveLength(1);
});

test("a product adds a bias that nothing else reads by itself, and the sum is the same", async () => {
  const graph = new GraphBuilder("biased");
  const given = graph.input("x", [1, 3, 3]);
  const matrix = graph.constant("matrix", "float32", [3, 2], () => Float32Array.from([1, 2, 3, 4, 5, 6]));
  const bias = graph.constant("bias", "float32", [2], () => Float32Array.of(1.5, -2));
  graph.output("a", graph.op("Add", [graph.op("MatMul", [given, matrix]), bias]));
  const float = graph.finish();
  const activations = { scale: 0.5, zeroPoint: 10 };
  const [after, within] = (["added after", "added within"] as const).map((bias) =>
    toInt8(float, () => ({ activations, bias })),
  );
  expect(after!.nodes.some(({ operator }) => operator === "Add")).toBe(true);
  expect(within!.nodes.some(({ operator }) => operator === "Add")).toBe(false);
  const expected = await runGraph(after!, { x });
  const found = await runGraph(within!, { x });
  for (const [i, value] of expected.a!.data.entries()) expect(found.a!.data[i]).toBeCloseTo(value, 4);
});

test("multiply-accumulates and parameters are those of the float graph", () => {
  const total = (graph: OnnxGraph) => [...graph.counts.macs().values()].reduce((sum, value) => sum + value, 0);
  const quantized = toInt8(products(), () => ({ activations: "by row" }));
  expect(total(quantized)).toBe(total(products()));
  expect(quantized.counts.parameters).toEqual(products().counts.parameters);
});
