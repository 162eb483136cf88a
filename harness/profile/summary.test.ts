import { expect, test } from "vitest";
import type { TracedRun } from "../onnx/trace/trace.ts";
import type { ExecutedNode } from "./executedGraph.ts";
import { summarise } from "./summary.ts";

function node(name: string, operator: string, facts: Partial<ExecutedNode> = {}): ExecutedNode {
  return { name, operator, inputs: [], outputs: [name], outputBytes: [0], macs: 0, weights: [], ...facts };
}

const nodes = [
  node("qkv", "MatMul", { macs: 6e9, weights: ["enc.blocks.0.qkv"] }),
  node("act", "Relu", { inputs: ["qkv"], weights: ["enc.blocks.0.act"] }),
  node("lin", "MatMulIntegerToFloat", { macs: 8e9, weights: ["enc.blocks.1.lin"] }),
  node("norm", "Relu", { weights: ["enc.blocks.1.norm"] }),
];

function run(durationMs: number, times: readonly number[]): TracedRun {
  const own = nodes.map(({ name, operator }, i) => {
    return { name, operator, provider: "cpu", durationMs: times[i]!, inputs: [], outputs: [], outputBytes: 0 };
  });
  return { durationMs, timedBy: "runtime", nodes: own };
}

const runs = [run(100, [40, 10, 20, 20]), run(200, [60, 20, 40, 40]), run(100, [50, 20, 10, 10])];
const summary = summarise(runs, nodes, { fp32: 200, int8: 800 });

test("blocks, layers and operators have the sums of their nodes in each run, and of these the median", () => {
  expect(summary.blocks.map(({ name, timeMs, nodes }) => [name, timeMs, nodes])).toEqual([
    ["enc.blocks.0", 70, 2],
    ["enc.blocks.1", 40, 2],
  ]);
  expect(summary.layers.map(({ name, timeMs }) => [name, timeMs])).toEqual([
    ["enc.blocks.0.qkv", 50],
    ["enc.blocks.0.act", 20],
    ["enc.blocks.1.lin", 20],
    ["enc.blocks.1.norm", 20],
  ]);
  expect(summary.operators.map(({ name, timeMs }) => [name, timeMs])).toEqual([
    ["MatMul", 50],
    ["Relu", 30],
    ["MatMulIntegerToFloat", 20],
  ]);
});

test("a share is the median of the shares of the runs, of the time with what nodes do not explain", () => {
  expect(summary.blocks.map(({ share }) => share)).toEqual([0.5, 0.4]);
});

test("rates are held against the ceiling of the numbers that are multiplied", () => {
  const [fp32, int8] = summary.blocks;
  expect(fp32).toMatchObject({ gmacs: 6, gmacsPerSecond: 6000 / 70, ofCeiling: 30 / 70 });
  expect(int8).toMatchObject({ gmacs: 8, gmacsPerSecond: 200, ofCeiling: 10 / 40 });
});

test("what multiplies nothing has no rate", () => {
  const relu = summary.operators.find(({ name }) => name === "Relu")!;
  expect(relu).toMatchObject({ gmacs: 0, gmacsPerSecond: undefined, ofCeiling: undefined });
});

test("the same layer of all blocks of a list is one thing, and other layers are not", () => {
  const alike = [
    node("a", "MatMul", { weights: ["enc.blocks.0.mlp.lin"] }),
    node("b", "MatMul", { weights: ["enc.blocks.0.norm"] }),
    node("c", "MatMul", { weights: ["enc.blocks.1.mlp.lin"] }),
    node("d", "MatMul", { weights: ["enc.blocks.1.norm"] }),
    node("e", "MatMul", { weights: ["enc.neck.0"] }),
    node("f", "MatMul", { weights: ["enc.neck.1"] }),
  ];
  const times = [5, 1, 7, 2, 4, 6];
  const own = alike.map(({ name, operator }, i) => {
    return { name, operator, provider: "cpu", durationMs: times[i]!, inputs: [], outputs: [], outputBytes: 0 };
  });
  const found = summarise([{ durationMs: 25, timedBy: "runtime", nodes: own }], alike, { fp32: 100 }).alike;
  expect(found.map(({ name, timeMs }) => [name, timeMs])).toEqual([
    ["enc.blocks.*.mlp.lin, MatMul", 12],
    ["enc.neck.1, MatMul", 6],
    ["enc.neck.0, MatMul", 4],
    ["enc.blocks.*.norm, MatMul", 3],
  ]);
});

test("a product of weights in blocks is held against int8 on the level that multiplies integers, and float32 on the other", () => {
  const ofCeiling = [1, 4].map((level) => {
    const product = node("lin", "MatMulNBits", { macs: 8e9, attributes: { accuracy_level: level } });
    const timed = {
      name: "lin",
      operator: "MatMulNBits",
      provider: "cpu",
      durationMs: 80,
      inputs: [],
      outputs: [],
      outputBytes: 0,
    };
    return summarise([{ durationMs: 100, timedBy: "runtime", nodes: [timed] }], [product], { fp32: 200, int8: 800 })
      .operators[0]!.ofCeiling;
  });
  expect(ofCeiling).toEqual([0.5, 0.125]);
});
