import { expect, test } from "vitest";
import type { GraphValue, OnnxGraph, Tensor } from "../../api.ts";
import { differenceOf } from "../fixtures/difference.ts";
import { runGraph, wave } from "../fixtures/runGraph.ts";
import { GraphBuilder } from "../graph.ts";
import { batchedGraph } from "./batchedGraph.ts";

const batch = 3;

type Add = (graph: GraphBuilder, x: GraphValue) => GraphValue;

/** Returns a graph that takes `image`, [1, 2, 4, 6]. */
function graphOf(add: Add): OnnxGraph {
  const graph = new GraphBuilder("toy");
  graph.output("result", add(graph, graph.input("image", [1, 2, 4, 6])));
  return graph.finish();
}

/** Runs the batch's graph, and the given one on each image; returns their results and the operators of the batch's. */
async function bothWays(graph: OnnxGraph) {
  const images = wave([batch, 2, 4, 6]);
  const batched = batchedGraph(graph, batch);
  const { result } = await runGraph(batched, { image: images });
  const singles: Tensor[] = [];
  for (let i = 0; i < batch; i++) {
    const image = { dims: [1, 2, 4, 6], data: images.data.slice(48 * i, 48 * (i + 1)) };
    singles.push((await runGraph(graph, { image })).result!);
  }
  return { result: result!, singles, operators: batched.nodes.map(({ operator }) => operator) };
}

const table = (graph: GraphBuilder, dims: readonly number[]) =>
  graph.constant(`table ${dims}`, "float32", dims, () => wave(dims).data);
const reshaped = (graph: GraphBuilder, x: GraphValue, dims: readonly number[]) =>
  graph.op("Reshape", [x, graph.ints(dims)]);

const cases: readonly (readonly [string, Add])[] = [
  ["a convolution", (graph, x) => graph.op("Conv", [x, table(graph, [5, 2, 3, 3])], { pads: [1, 1, 1, 1] })],
  ["windows in the first axis", (graph, x) => graph.op("Softmax", [reshaped(graph, x, [8, 6])], { axis: -1 })],
  ["a first axis that moves", (graph, x) => graph.op("Transpose", [reshaped(graph, x, [8, 6])], { perm: [1, 0] })],
  ["a table for each window", (graph, x) => graph.op("Add", [reshaped(graph, x, [8, 6]), table(graph, [8, 6])])],
  ["a table that widens the image's first axis", (graph, x) => graph.op("Mul", [x, table(graph, [3, 1, 4, 6])])],
  [
    "products with a matrix for each window",
    (graph, x) => graph.op("MatMul", [reshaped(graph, x, [2, 4, 6]), table(graph, [2, 6, 5])]),
  ],
  [
    "products of an image with itself",
    (graph, x) => graph.op("FusedMatMul", [reshaped(graph, x, [8, 6]), reshaped(graph, x, [8, 6])], { transB: 1 }),
  ],
  [
    "tokens and one that all images share",
    (graph, x) => graph.op("Concat", [reshaped(graph, x, [1, 8, 6]), table(graph, [1, 1, 6])], { axis: 1 }),
  ],
  [
    "windows and columns that all images share",
    (graph, x) => graph.op("Concat", [reshaped(graph, x, [8, 6]), table(graph, [8, 2])], { axis: 1 }),
  ],
  [
    "rows of an image behind each other",
    (graph, x) => graph.op("Concat", [reshaped(graph, x, [8, 6]), reshaped(graph, x, [8, 6])], { axis: 0 }),
  ],
  ["windows in another order", (graph, x) => graph.op("Gather", [reshaped(graph, x, [8, 6]), graph.ints([3, 0, 7])])],
  ["a reduction over windows", (graph, x) => graph.op("ReduceMax", [reshaped(graph, x, [8, 6]), graph.ints([0])])],
  ["a reduction over one image", (graph, x) => graph.op("ReduceMean", [x, graph.ints([0, 2])], { keepdims: 1 })],
  [
    "a slice of the windows",
    (graph, x) => graph.op("Slice", [reshaped(graph, x, [8, 6]), ...[2, 7, 0].map((value) => graph.ints([value]))]),
  ],
  [
    "a map that doubles its sides",
    (graph, x) => graph.op("Resize", [x, undefined, undefined, graph.ints([1, 2, 8, 12])], { mode: "nearest" }),
  ],
  [
    "attention with a bias for each window",
    (graph, x) => {
      const tokens = reshaped(graph, x, [2, 4, 6]);
      const inputs = [tokens, tokens, tokens, undefined, undefined, table(graph, [2, 2, 4, 4])];
      return graph.op("MultiHeadAttention", inputs, { num_heads: 2 });
    },
  ],
  [
    "the largest values of each image, and a scale of its own",
    (graph, x) => {
      const [values] = graph.ops("TopK", [reshaped(graph, x, [1, 48]), graph.ints([5])], { axis: 1 }, { outputs: 2 });
      const [, scale] = graph.ops("DynamicQuantizeLinear", [x], {}, { outputs: 3 });
      return graph.op("Mul", [values, scale]);
    },
  ],
];

test.each(cases)("%s: each image of a batch gives what it gives alone", async (_, add) => {
  const { result, singles } = await bothWays(graphOf(add));
  const [first, ...rest] = singles[0]!.dims as [number, ...number[]];
  expect(result.dims).toEqual([batch * first, ...rest]);
  for (const [i, single] of singles.entries()) {
    const { length } = single.data;
    const own = { dims: single.dims, data: result.data.slice(length * i, length * (i + 1)) };
    expect(differenceOf(own, single)).toBeLessThan(1e-6);
    expect(differenceOf(own, singles[(i + 1) % batch]!)).toBeGreaterThan(0.01);
  }
});

test("products go over all images at once, and what ranks or scales one image's values goes image by image", async () => {
  const operatorsOf = async (name: string) =>
    (await bothWays(graphOf(cases.find(([each]) => each === name)![1]))).operators;
  const counted = async (name: string, operator: string) =>
    (await operatorsOf(name)).filter((each) => each === operator).length;
  expect(await counted("a convolution", "Conv")).toBe(1);
  expect(await counted("products with a matrix for each window", "MatMul")).toBe(1);
  expect(await counted("attention with a bias for each window", "MultiHeadAttention")).toBe(1);
  const own = "the largest values of each image, and a scale of its own";
  expect([await counted(own, "TopK"), await counted(own, "DynamicQuantizeLinear")]).toEqual([batch, batch]);
});

test("work is counted for one image", () => {
  const graph = graphOf(cases[0]![1]);
  expect(batchedGraph(graph, batch).counts.macs()).toEqual(graph.counts.macs());
});

test("a graph for images of any sides makes no batch, and one whose output no image decides neither", () => {
  const open = new GraphBuilder("encoder");
  open.output("result", open.op("Relu", [open.input("image", [1, 3, "height", "width"])]));
  expect(() => batchedGraph(open.finish(), batch)).toThrow("image: images of any shape make no batch");
  const fixed = new GraphBuilder("encoder");
  fixed.input("image", [1, 3, 4, 4]);
  fixed.output("result", table(fixed, [1, 2]));
  expect(() => batchedGraph(fixed.finish(), batch)).toThrow("its output result is the same for every image");
});
