import { expect, test } from "vitest";
import type { Weight } from "../api.ts";
import { seededCheckpoint } from "../weights/index.ts";
import { GraphBuilder } from "./graph.ts";

const checkpoint = seededCheckpoint();

test("shapes follow through the graph, symbols included", () => {
  const graph = new GraphBuilder("g");
  const x = graph.input("x", ["prompts", "points", 4]);
  const wide = graph.op("MatMul", [x, graph.weight(checkpoint.take("w", [4, 16]))]);
  const byHead = graph.op("Reshape", [wide, graph.ints([0, 0, 2, 8])]);
  const y = graph.op("Transpose", [byHead], { perm: [0, 2, 1, 3] });
  expect(y.dims).toEqual(["prompts", 2, "points", 8]);
  graph.output("y", y);
  const { inputs, outputs } = graph.finish();
  expect(inputs).toEqual([{ name: "x", type: "float32", dims: ["prompts", "points", 4] }]);
  expect(outputs).toEqual([{ name: "y", type: "float32", dims: ["prompts", 2, "points", 8] }]);
});

test("an error names the graph, the module, the operator and which of its uses", () => {
  const graph = new GraphBuilder("encoder");
  const x = graph.input("x", [2, 3]);
  const wrong = () => graph.within("blocks.0", () => graph.within("attn", () => graph.op("MatMul", [x, x])));
  expect(wrong).toThrow("encoder: blocks.0.attn/MatMul: MatMul of [2,3] and [2,3]: inner dimensions differ: 3 and 2");
  expect(wrong).toThrow("encoder: blocks.0.attn/MatMul_1: ");
});

test("names follow modules, count up, and do not depend on what failed inside a module", () => {
  const graph = new GraphBuilder("g");
  const x = graph.input("x", [4]);
  expect(graph.op("Relu", [x]).name).toBe("Relu");
  expect(() =>
    graph.within("broken", () => {
      throw new Error("inside");
    }),
  ).toThrow("inside");
  expect(graph.op("Relu", [x]).name).toBe("Relu_1");
  expect(graph.within("neck", () => graph.op("Relu", [x]).name)).toBe("neck/Relu");
  const parts = graph.ops("Split", [x, graph.ints([1, 3])], { axis: 0 }, { outputs: 2 });
  expect(parts.map(({ name }) => name)).toEqual(["Split:0", "Split:1"]);
});

test("two inputs or two outputs of one name are refused", () => {
  const graph = new GraphBuilder("g");
  const x = graph.input("x", [4]);
  expect(() => graph.input("x", [5])).toThrow("g: two inputs are named x");
  graph.output("y", x);
  expect(() => graph.output("y", x)).toThrow("g: two outputs are named y");
});

test("equal constants are one, and a name that stands for two is refused", () => {
  const graph = new GraphBuilder("g");
  expect(graph.ints([0, -1])).toBe(graph.ints([0, -1]));
  expect(graph.number(0.5)).toBe(graph.number(0.5));
  const long = Array.from({ length: 100 }, (_, i) => i);
  expect(graph.ints(long)).toBe(graph.ints([...long]));
  expect(graph.ints([...long].reverse())).not.toBe(graph.ints(long));
  graph.constant("table", "float32", [2], () => new Float32Array(2));
  expect(() => graph.constant("table", "float32", [3], () => new Float32Array(3))).toThrow(
    "constant table stands twice",
  );
  expect(() => graph.constant("table", "uint8", [2], () => new Uint8Array(2))).toThrow("constant table stands twice");
  expect(graph.finish().constants.map(({ bytes }) => bytes)).toEqual([16, 4, 800, 800, 8]);
});

test("parameters are counted by the checkpoint's tensor, buffers are not, and constants hold what is baked in", () => {
  const graph = new GraphBuilder("g");
  const joint = checkpoint.take("qkv.weight", [12, 4]);
  for (const [i, part] of ["query", "key"].entries())
    graph.derived({
      name: `qkv.${part}`,
      dims: [4, 4],
      from: [joint],
      compute: (values) => values!.subarray(16 * i, 16 * i + 16),
    });
  graph.weight(checkpoint.take("norm.running_mean", [4]));
  graph.withoutEffect(checkpoint.take("k_proj.bias", [5]));
  graph.number(2);
  const { counts } = graph.finish();
  expect([...counts.parameters]).toEqual([
    ["qkv.weight", 48],
    ["k_proj.bias", 5],
  ]);
  expect(counts.constants).toBe(16 + 16 + 4 + 1);
  expect(counts.constantBytes).toBe(4 * 37);
});

test("building reads no weight, and a computed tensor has to fill its shape", () => {
  let reads = 0;
  const weight: Weight = {
    name: "w",
    dims: [4],
    read: () => {
      reads++;
      return Float32Array.of(1, 2, 3, 4);
    },
  };
  const graph = new GraphBuilder("g");
  graph.derived({ name: "twice", dims: [4], from: [weight], compute: (w) => w!.map((value) => 2 * value) });
  graph.derived({ name: "short", dims: [4], from: [weight], compute: (w) => w!.subarray(1) });
  const [twice, short] = graph.finish().constants;
  expect(reads).toBe(0);
  expect([...(twice!.read() as Float32Array)]).toEqual([2, 4, 6, 8]);
  expect(() => short!.read()).toThrow("short: 3 values for [4]");
});

test("multiply-accumulates sum by operator and need a value for every symbol", () => {
  const graph = new GraphBuilder("g");
  const x = graph.input("x", ["prompts", "points+5", 8]);
  const w = graph.weight(checkpoint.take("w", [8, 8]));
  const once = graph.op("MatMul", [x, w]);
  graph.op("MatMul", [once, w]);
  const attention = graph.op("MultiHeadAttention", [once, once, once], { num_heads: 2 });
  graph.op("Relu", [attention]);
  const { counts } = graph.finish();
  // 3 prompts of 2 + 5 tokens: twice 21 x 8 x 8, and scores and their product with the values, 3 x 7 x 7 x 8 each.
  expect([...counts.macs({ prompts: 3, points: 2 })]).toEqual([
    ["MatMul", 2 * 21 * 64],
    ["MultiHeadAttention", 2 * 3 * 7 * 7 * 8],
  ]);
  expect(() => counts.macs({ prompts: 3 })).toThrow("dimension points+5 needs a value for points");
});
