import { describe, expect, test } from "vitest";
import type { AttributeValue, Dim, GraphValue } from "../../api.ts";
import { evaluateDim } from "../dims.ts";
import { type Input, inputOf } from "../fixtures/operatorInput.ts";
import { runGraph, wave } from "../fixtures/runGraph.ts";
import { GraphBuilder } from "../graph.ts";
import { elementwiseRules } from "./elementwise.ts";
import { imageRules } from "./images.ts";
import { productRules } from "./products.ts";
import { shapeRules } from "./shapes.ts";

interface Case {
  readonly operator: string;
  readonly inputs: readonly Input[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly vouched?: readonly Dim[];
  /** Expected, worked out by hand: of each output. */
  readonly dims: readonly (readonly Dim[])[];
  /** Of operators that cost any, for the bindings below. */
  readonly macs?: number;
}

const bindings = { prompts: 2, points: 3 };
const p = "prompts";

/** One input, its shape kept. */
const kept = (operator: string, attributes = {}): Case => ({
  ...{ operator, inputs: [[2, p, 4]], attributes, dims: [[2, p, 4]] },
});
const pair = (operator: string): Case[] => [
  {
    operator,
    inputs: [
      [p, 1, 4],
      [5, 1],
    ],
    dims: [[p, 5, 4]],
  },
  { operator, inputs: [[3], []], dims: [[3]] },
];
const reduced = (operator: string): Case[] => [
  { operator, inputs: [[p, 3, 4], { ints: [-1, 1] }], attributes: { keepdims: 1 }, dims: [[p, 1, 1]] },
  { operator, inputs: [[2, 3, 4], { ints: [1] }], attributes: { keepdims: 0 }, dims: [[2, 4]] },
];
const sliceOf = (x: readonly Dim[], [start, end, axis, step]: readonly number[], dims: readonly Dim[]): Case => ({
  operator: "Slice",
  inputs: [x, ...[start!, end!, axis!, ...(step === undefined ? [] : [step])].map((value) => ({ ints: [value] }))],
  dims: [dims],
});
const conv = (
  x: readonly Dim[],
  w: readonly number[],
  attributes: Case["attributes"],
  dims: Dim[],
  macs: number,
): Case => ({
  ...{ operator: "Conv", inputs: [x, w], attributes: { kernel_shape: w.slice(2), ...attributes }, dims: [dims], macs },
});
const heads = { num_heads: 2 };

const elementwise: readonly Case[] = [
  ...["Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Equal", "Greater", "GreaterOrEqual", "Less"].flatMap(pair),
  ...["Sqrt", "Log", "Erf", "Sin", "Cos", "Relu", "Abs", "Neg", "Round", "Sigmoid", "Tanh", "Identity", "Gelu"].map(
    (name) => kept(name),
  ),
  { operator: "Clip", inputs: [[2, 3], [], []], dims: [[2, 3]] },
  { operator: "Where", inputs: [{ type: "bool", dims: [4, 1] }, [p, 1, 3], []], dims: [[p, 4, 3]] },
  { operator: "BiasGelu", inputs: [[p, 3, 8], [8]], dims: [[p, 3, 8]] },
  kept("Softmax", { axis: 1 }),
  { operator: "LayerNormalization", inputs: [[p, 3, 8], [8], [8]], attributes: { axis: -1 }, dims: [[p, 3, 8]] },
  { operator: "InstanceNormalization", inputs: [[p, 3, 8], [3], [3]], dims: [[p, 3, 8]] },
  { operator: "SkipLayerNormalization", inputs: [[p, 3, 8], [p, 3, 8], [8], [8], [8]], dims: [[p, 3, 8]] },
  { operator: "QuantizeLinear", inputs: [[p, 3, 8], [], { type: "uint8", dims: [] }], dims: [[p, 3, 8]] },
  { operator: "DynamicQuantizeLinear", inputs: [[p, 3, 8]], dims: [[p, 3, 8], [], []] },
  ...["ReduceMean", "ReduceSum", "ReduceSumSquare", "ReduceMax", "ReduceMin"].flatMap(reduced),
];

const shapes: readonly Case[] = [
  { operator: "Reshape", inputs: [[p, 6, 4], { ints: [0, -1, 2, 3] }], dims: [[p, 4, 2, 3]] },
  { operator: "Reshape", inputs: [["8*points+40", 4], { ints: [-1, 8, 4] }], dims: [["points+5", 8, 4]] },
  { operator: "Reshape", inputs: [[4, 6], { ints: [24] }], dims: [[24]] },
  { operator: "Transpose", inputs: [[2, p, 4]], attributes: { perm: [2, 0, 1] }, dims: [[4, 2, p]] },
  {
    operator: "Concat",
    inputs: [
      [2, "points"],
      [2, 5],
    ],
    attributes: { axis: 1 },
    dims: [[2, "points+5"]],
  },
  {
    operator: "Concat",
    inputs: [
      [2, 3],
      [1, 3],
      [4, 3],
    ],
    attributes: { axis: -2 },
    dims: [[7, 3]],
  },
  sliceOf([2, 9], [2, 7, 1], [2, 5]),
  sliceOf([2, 9], [2, 7, -1, 2], [2, 3]),
  sliceOf([2, 9], [-4, -1, 1], [2, 3]),
  sliceOf([2, 9], [1, 2 ** 31, 1, 3], [2, 3]),
  sliceOf([2, 9], [-1, -10, 1, -1], [2, 9]),
  sliceOf([2, 9], [7, 1, 1, -2], [2, 3]),
  sliceOf([2, 9], [8, -(2 ** 31), 1, -1], [2, 9]),
  sliceOf([2, 9], [-20, 20, 1], [2, 9]),
  sliceOf([2, 9], [5, 5, 1], [2, 0]),
  sliceOf([2, 9], [6, 2, 1], [2, 0]),
  sliceOf([2, "points+5"], [1, 5, 1], [2, 4]),
  {
    operator: "Split",
    inputs: [[2, 9], { ints: [2, 3, 4] }],
    attributes: { axis: 1 },
    dims: [
      [2, 2],
      [2, 3],
      [2, 4],
    ],
  },
  {
    operator: "Split",
    inputs: [[6, p]],
    attributes: { num_outputs: 2 },
    dims: [
      [3, p],
      [3, p],
    ],
  },
  { operator: "Gather", inputs: [[5, p, 4], { ints: [0, 2, 4] }], attributes: { axis: 0 }, dims: [[3, p, 4]] },
  { operator: "Gather", inputs: [[5, 7], { type: "int64", dims: [2, 3] }], attributes: { axis: 1 }, dims: [[5, 2, 3]] },
  { operator: "Gather", inputs: [[5, 7], { type: "int64", dims: [] }], dims: [[7]] },
  {
    operator: "GatherElements",
    inputs: [[2, 4], { type: "int64", dims: [2, 1] }],
    attributes: { axis: 1 },
    dims: [[2, 1]],
  },
  { operator: "ScatterElements", inputs: [[5], { ints: [3, 0] }, [2]], attributes: { axis: 0 }, dims: [[5]] },
  {
    operator: "ScatterElements",
    inputs: [[4, 2], { type: "int64", dims: [3, 2] }, [3, 2]],
    attributes: { axis: 0 },
    dims: [[4, 2]],
  },
  ...["none", "add"].map((reduction) => ({
    operator: "ScatterND",
    inputs: [[4, 2], { type: "int64" as const, dims: [3, 1] }, [3, 2]],
    attributes: { reduction },
    dims: [[4, 2]],
  })),
  {
    ...{ operator: "TopK", inputs: [[p, 5, 2], { ints: [3] }], attributes: { axis: 1 } },
    dims: [
      [p, 3, 2],
      [p, 3, 2],
    ],
  },
  { operator: "Unsqueeze", inputs: [[p, 4], { ints: [-1, 0] }], dims: [[1, p, 4, 1]] },
  { operator: "Squeeze", inputs: [[1, p, 1, 4], { ints: [0, -2] }], dims: [[p, 4]] },
  { operator: "Pad", inputs: [[2, "points", 4], { ints: [0, 1, 2, 0, 0, 3] }], dims: [[2, "points+1", 9]] },
  { operator: "Pad", inputs: [[4, 6], { ints: [-1, 0, 0, -2] }], dims: [[3, 4]] },
  { operator: "Expand", inputs: [[1, 4], { ints: [3, 4] }], vouched: [3, 4], dims: [[3, 4]] },
  { operator: "Tile", inputs: [[2, p], { ints: [3, 2] }], dims: [[6, "2*prompts"]] },
  { operator: "Shape", inputs: [[2, p, 4]], dims: [[3]] },
  { operator: "Cast", inputs: [[2, p]], attributes: { to: 7 }, dims: [[2, p]] },
];

const int8 = (dims: readonly number[]) => ({ type: "int8", dims }) as const;

const products: readonly Case[] = [
  {
    operator: "MatMul",
    inputs: [
      [p, 1, 3, 4],
      [5, 4, 6],
    ],
    dims: [[p, 5, 3, 6]],
    macs: 2 * 5 * 3 * 6 * 4,
  },
  {
    operator: "MatMul",
    inputs: [
      ["points", 4],
      [4, 6],
    ],
    dims: [["points", 6]],
    macs: 3 * 6 * 4,
  },
  {
    ...{
      operator: "FusedMatMul",
      inputs: [
        [p, 3, 4],
        [6, 4],
      ],
      attributes: { transB: 1 },
    },
    ...{ dims: [[p, 3, 6]], macs: 2 * 3 * 6 * 4 },
  },
  {
    ...{
      operator: "FusedMatMul",
      inputs: [
        [p, 4, 3],
        [p, 4, 6],
      ],
      attributes: { transA: 1, alpha: { float: 0.5 } },
    },
    ...{ dims: [[p, 3, 6]], macs: 2 * 3 * 6 * 4 },
  },
  { operator: "MatMulInteger", inputs: [{ type: "uint8", dims: [3, 4] }, int8([4, 6])], dims: [[3, 6]], macs: 72 },
  {
    operator: "MatMulIntegerToFloat",
    inputs: [{ type: "uint8", dims: [3, 4] }, int8([4, 6]), [], [6], { type: "uint8", dims: [] }],
    dims: [[3, 6]],
    macs: 72,
  },
  {
    ...{ operator: "Gemm", inputs: [["points", 4], [6, 4], [6]], attributes: { transB: 1 } },
    ...{ dims: [["points", 6]], macs: 3 * 6 * 4 },
  },
  {
    operator: "Gemm",
    inputs: [
      [4, 3],
      [4, 6],
    ],
    attributes: { transA: 1 },
    dims: [[3, 6]],
    macs: 3 * 6 * 4,
  },
  conv([p, 3, 8, 10], [5, 3, 2, 2], { strides: [2, 2] }, [p, 5, 4, 5], 2 * 5 * 4 * 5 * 12),
  conv([1, 2, 9, 9], [4, 2, 3, 3], { pads: [1, 1, 1, 1], strides: [2, 2] }, [1, 4, 5, 5], 4 * 25 * 18),
  conv([1, 6, 7, 5], [6, 1, 3, 3], { pads: [1, 0, 1, 0], group: 6 }, [1, 6, 7, 3], 6 * 21 * 9),
  conv([1, 1, 9, 9], [2, 1, 3, 3], { dilations: [2, 2] }, [1, 2, 5, 5], 2 * 25 * 9),
  {
    ...{ operator: "ConvTranspose", inputs: [[p, 6, 3, 4], [6, 5, 2, 2], [5]], attributes: { strides: [2, 2] } },
    ...{ dims: [[p, 5, 6, 8]], macs: 2 * 6 * 12 * 5 * 4 },
  },
  {
    ...{
      operator: "ConvTranspose",
      inputs: [
        [1, 2, 3, 3],
        [2, 4, 3, 3],
      ],
      attributes: { strides: [2, 2] },
    },
    ...{ dims: [[1, 4, 7, 7]], macs: 2 * 9 * 4 * 9 },
  },
  {
    ...{
      operator: "Einsum",
      inputs: [
        [p, 3, 4, 5],
        [3, 6, 5],
      ],
      attributes: { equation: "bhwc,hkc->bhwk" },
    },
    ...{ dims: [[p, 3, 4, 6]], macs: 2 * 3 * 4 * 6 * 5 },
  },
  {
    ...{
      operator: "MultiHeadAttention",
      inputs: [
        [p, "points", 8],
        [p, 7, 8],
        [p, 7, 4],
      ],
      attributes: heads,
    },
    ...{ dims: [[p, "points", 4]], macs: 2 * 3 * 7 * (8 + 4) },
  },
  {
    ...{
      operator: "MultiHeadAttention",
      inputs: [
        [1, 3, 8],
        [1, 2, 7, 4],
        [1, 2, 7, 4],
      ],
      attributes: heads,
    },
    ...{ dims: [[1, 3, 8]], macs: 3 * 7 * (8 + 8) },
  },
  {
    operator: "MultiHeadAttention",
    inputs: [[1, 3, 8], [1, 7, 8], [1, 7, 8], undefined, undefined, [1, 2, 3, 7]],
    ...{ attributes: heads, dims: [[1, 3, 8]], macs: 3 * 7 * (8 + 8) },
  },
];

const images: readonly Case[] = [
  {
    ...{ operator: "MaxPool", inputs: [[p, 3, 8, 7]], attributes: { kernel_shape: [5, 5], pads: [2, 2, 2, 2] } },
    dims: [[p, 3, 8, 7]],
  },
  {
    ...{ operator: "MaxPool", inputs: [[1, 3, 9, 8]], attributes: { kernel_shape: [3, 2], strides: [2, 3] } },
    dims: [[1, 3, 4, 3]],
  },
  {
    ...{ operator: "Resize", inputs: [[1, 2, 3, 4], undefined, undefined, { ints: [1, 2, 6, 8] }] },
    ...{ attributes: { mode: "nearest" }, dims: [[1, 2, 6, 8]] },
  },
  { operator: "BatchNormalization", inputs: [[p, 3, 4, 5], [3], [3], [3], [3]], dims: [[p, 3, 4, 5]] },
];

const cases = [...elementwise, ...shapes, ...images, ...products];

test("every operator that has a rule has a case here", () => {
  const known = Object.keys({ ...elementwiseRules, ...shapeRules, ...imageRules, ...productRules });
  expect(known.filter((name) => !cases.some(({ operator }) => operator === name))).toEqual([]);
});

describe("the inferred shape is the one that ONNX Runtime gives", () => {
  test.each(cases.map((each) => [titleOf(each), each] as const))("%s", async (_, each) => {
    const graph = new GraphBuilder("case");
    const inputs = each.inputs.map((given, i) => inputOf(graph, given, i));
    const outputs = graph.ops(each.operator, inputs, each.attributes, {
      outputs: each.dims.length,
      ...(each.vouched === undefined ? {} : { vouched: each.vouched }),
    });
    expect(outputs.map(({ dims }) => dims)).toEqual(each.dims);
    for (const [i, output] of outputs.entries()) graph.output(`y${i}`, asFloat(graph, output));
    const finished = graph.finish();
    expect(sum(finished.counts.macs(bindings))).toBe(each.macs ?? 0);

    const feeds = finished.inputs.map(({ name, dims }) => [name, wave(dims.map((dim) => evaluateDim(dim, bindings)))]);
    const results = await runGraph(finished, Object.fromEntries(feeds));
    for (const [i, dims] of each.dims.entries())
      expect(results[`y${i}`]!.dims).toEqual(dims.map((dim) => evaluateDim(dim, bindings)));
  });
});

/** Sessions hand out float32 alone. */
function asFloat(graph: GraphBuilder, value: GraphValue): GraphValue {
  return value.type === "float32" ? value : graph.op("Cast", [value], { to: 1 });
}

function titleOf({ operator, inputs, attributes }: Case): string {
  const text = inputs.map((given) => JSON.stringify(given) ?? "nothing").join(" ");
  return `${operator} ${text} ${JSON.stringify(attributes ?? {})}`;
}

function sum(macs: ReadonlyMap<string, number>): number {
  return [...macs.values()].reduce((total, value) => total + value, 0);
}
