import { expect, test } from "vitest";
import type { OnnxGraph, Tensor } from "../../api.ts";
import { runGraph, wave } from "../../onnx/fixtures/runGraph.ts";
import { batchedGraph, GraphBuilder } from "../../onnx/index.ts";
import { quantizeBlocks } from "./blockWeights.ts";
import { type BlockLinear, weightOnly } from "./weightOnly.ts";

/** 40 numbers are two blocks of 16 and half of a third one. */
const inputs = 40;
const outputs = 24;
const weights = wave([outputs, inputs]).data;
const four: BlockLinear = { bits: 4, block: 16, arithmetic: "float32" };

/** Returns a graph with x W^T twice over one weight, and once over it in ONNX's layout. */
function products(): OnnxGraph {
  const graph = new GraphBuilder("products");
  const x = graph.input("x", [1, 3, inputs]);
  const turned = Float32Array.from(weights, (_, i) => weights[(i % outputs) * inputs + Math.floor(i / outputs)]!);
  const first = graph.constant("first", "float32", [outputs, inputs], () => weights);
  const second = graph.constant("second", "float32", [inputs, outputs], () => turned);
  graph.output("a", graph.op("FusedMatMul", [x, first], { transB: 1 }));
  graph.output("b", graph.op("FusedMatMul", [graph.op("Neg", [x]), first], { transB: 1 }));
  graph.output("c", graph.op("MatMul", [x, second]));
  return graph.finish();
}

/** Rows of the identity matrix, through which a product gives its weights themselves. */
function identity(): Tensor {
  return {
    dims: [1, inputs, inputs],
    data: Float32Array.from({ length: inputs ** 2 }, (_, i) => +(i % (inputs + 1) === 0)),
  };
}

/** Returns a graph of one product on the rows of the identity matrix. */
function reading(how: BlockLinear): OnnxGraph {
  const graph = new GraphBuilder("reading");
  const x = graph.input("x", [1, inputs, inputs]);
  const matrix = graph.constant("w.weight", "float32", [outputs, inputs], () => weights);
  graph.output("y", graph.op("FusedMatMul", [x, matrix], { transB: 1 }));
  return weightOnly(graph.finish(), () => how);
}

test.each([
  ["4 bits in float32", four],
  ["8 bits in float32", { ...four, bits: 8 }],
  // A row with one number other than 0 is exact in int8.
  ["4 bits in int8", { ...four, arithmetic: "int8" }],
  ["8 bits in int8", { ...four, bits: 8, arithmetic: "int8" }],
] as const)("%s: the runtime multiplies by each integer times its block's scale", async (_, how) => {
  const { y } = await runGraph(reading(how), { x: identity() });
  const { integers, scales } = quantizeBlocks(weights, inputs, how);
  const perRow = Math.ceil(inputs / how.block);
  const expected = Float32Array.from(y!.data, (_, i) => {
    const input = Math.floor(i / outputs);
    const block = (i % outputs) * perRow + Math.floor(input / how.block);
    return integers[block * how.block + (input % how.block)]! * scales[block]!;
  });
  for (const [i, value] of y!.data.entries()) expect(value).toBeCloseTo(expected[i]!, 5);
});

test("both layouts of a weight have the same blocks, and a weight of two products is stored once", async () => {
  const graph = weightOnly(products(), () => four);
  const { a, b, c } = await runGraph(graph, { x: wave([1, 3, inputs]) });
  expect(c).toEqual(a);
  expect(b!.data).toEqual(a!.data.map((value) => -value));
  const names = graph.constants.map(({ name, type, dims }) => `${name} ${type} [${dims}]`);
  expect(names).toEqual([
    "first.int4 uint8 [24,3,8]",
    "first.int4.scales float32 [24,3]",
    "second.int4 uint8 [24,3,8]",
    "second.int4.scales float32 [24,3]",
  ]);
});

test("what is not chosen stays float, and so does a weight that blocks would make no smaller", () => {
  const one = weightOnly(products(), ({ weight }) => (weight === "second" ? four : undefined));
  expect(one.constants.map(({ name }) => name)).toEqual(["first", "second.int4", "second.int4.scales"]);
  const large = weightOnly(products(), () => ({ ...four, bits: 8, block: 256 }));
  expect(large.constants.map(({ name }) => name)).toEqual(["first", "second"]);
});

test("multiply-accumulates and parameters are those of the float graph, and bytes are fewer", () => {
  const total = (graph: OnnxGraph) => [...graph.counts.macs().values()].reduce((sum, value) => sum + value, 0);
  const graph = weightOnly(products(), () => four);
  expect(total(graph)).toBe(total(products()));
  expect(graph.counts.parameters).toEqual(products().counts.parameters);
  expect(graph.counts.constantBytes).toBe(2 * outputs * 3 * (8 + 4));
});

test("the rows of a batch's images go through one product", async () => {
  const graph = new GraphBuilder("image");
  const image = graph.input("image", [1, 3, 4, inputs]);
  const matrix = graph.constant("w", "float32", [outputs, inputs], () => weights);
  const rows = graph.op("Reshape", [image, graph.ints([1, 12, inputs])]);
  graph.output("y", graph.op("FusedMatMul", [rows, matrix], { transB: 1 }));
  const single = weightOnly(graph.finish(), () => four);
  const batch = batchedGraph(single, 2);
  expect(batch.nodes.filter(({ operator }) => operator === "MatMulNBits")).toHaveLength(1);
  const images = wave([2, 3, 4, inputs]);
  const { y } = await runGraph(batch, { image: images });
  const second = { dims: [1, 3, 4, inputs], data: images.data.slice(12 * inputs) };
  expect(y!.data.slice(12 * outputs)).toEqual((await runGraph(single, { image: second })).y!.data);
});
