import { expect, test } from "vitest";
import type { AttributeValue, Dim } from "../../api.ts";
import { type Input, inputOf } from "../fixtures/operatorInput.ts";
import { GraphBuilder } from "../graph.ts";

interface Call {
  readonly operator: string;
  readonly inputs: readonly Input[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

const wrong: readonly (readonly [string, Call, string])[] = [
  ["Add of sizes 3 and 4", { operator: "Add", inputs: [[2, 3], [4]] }, "[2,3] and [4] do not broadcast"],
  ["Add of float32 and int64", { operator: "Add", inputs: [[3], { ints: [1, 2, 3] }] }, "Add of float32 and int64"],
  ["Add of one value", { operator: "Add", inputs: [[3]] }, "Add lacks input 1"],
  ["Reshape to another count", reshapeTo([2, 6], [5, -1]), "[2,6] does not divide by [5]"],
  ["Reshape to a smaller shape", reshapeTo([2, 6], [2, 3]), "can not reshape [2,6] to [2,3]"],
  ["Reshape with two unknowns", reshapeTo([4], [-1, -1]), "can not reshape [4] to [-1,-1]"],
  ["Reshape by a value", { operator: "Reshape", inputs: [[4], [1]] }, "needs a constant made by ints()"],
  ["Transpose of too few axes", transposeBy([1, 0]), "Transpose [1,0] of rank 3"],
  ["Transpose with an axis twice", transposeBy([0, 0, 1]), "Transpose [0,0,1] of rank 3"],
  ["Concat across sizes", concat([2, 3], [2, 4]), "dimensions 1 differ: 3 and 4"],
  ["Concat across ranks", concat([2, 3], [2, 3, 4]), "ranks differ: 2 and 3"],
  ["Split that does not add up", split([2, 3], [9]), "sum of parts and whole differ: 5 and 9"],
  ["Squeeze of a real axis", { operator: "Squeeze", inputs: [[2, 3], { ints: [1] }] }, "dimension and 1 differ"],
  ["Slice from the end of a symbol", sliceOf(["points"], [-1, 5, 0]), "Slice -1:5 of the symbolic dimension"],
  ["Pad of too few sides", { operator: "Pad", inputs: [[2, 3], { ints: [1, 1] }] }, "Pad [1,1] of rank 2"],
  ["Gather along no axis", { operator: "Gather", inputs: [[2], { ints: [0] }], attributes: { axis: 1 } }, "axis 1"],
  [
    "GatherElements of another rank",
    { operator: "GatherElements", inputs: [[2, 3], { ints: [0] }] },
    "ranks of indices and data differ: 1 and 2",
  ],
  [
    "ScatterElements of more updates than indices",
    { operator: "ScatterElements", inputs: [[5], { ints: [3, 0] }, [3]] },
    "shapes of indices and updates differ: 2 and 3",
  ],
  ["ScatterND of other rows", scatterRows([4, 2], [3, 1], [3, 5]), "what the indices name differ: 3,5 and 3,2"],
  ["ScatterND along too many axes", scatterRows([4], [3, 2], [3]), "indices name 2 of 1 axes"],
  ["TopK along no axis", { operator: "TopK", inputs: [[2], { ints: [1] }], attributes: { axis: 1 } }, "axis 1"],
  [
    "InstanceNormalization of other channels",
    { operator: "InstanceNormalization", inputs: [[2, 3, 4], [4], [4]] },
    "channels of input and weight differ: 3 and 4",
  ],
  ["Expand without a shape", { operator: "Expand", inputs: [[1], { ints: [3] }] }, "Expand needs a vouched shape"],
  ["Cast to nothing", { operator: "Cast", inputs: [[1]], attributes: { to: 99 } }, "unknown type 99"],
  [
    "MatMul of unequal widths",
    {
      operator: "MatMul",
      inputs: [
        [2, 3],
        [4, 5],
      ],
    },
    "inner dimensions differ: 3 and 4",
  ],
  ["MatMul of a vector", { operator: "MatMul", inputs: [[3], [3, 5]] }, "matrices expected"],
  ["Gemm with a wide bias", { operator: "Gemm", inputs: [[2, 3], [3, 5], [4]] }, "differ: 4 and 5"],
  ["Conv of other channels", convOf([1, 3, 8, 8], [5, 4, 2, 2]), "channels of input and weight differ: 4 and 3"],
  ["Conv of an image of no known side", convOf([1, 3, "points", 8], [5, 3, 2, 2]), "image side must be known"],
  ["Conv with a kernel beyond the image", convOf([1, 3, 2, 2], [5, 3, 4, 4]), "the kernel does not fit"],
  [
    "ConvTranspose with padding",
    {
      operator: "ConvTranspose",
      inputs: [
        [1, 2, 3, 3],
        [2, 4, 3, 3],
      ],
      attributes: { pads: [1, 1, 1, 1] },
    },
    "ConvTranspose: pads has no shape rule yet",
  ],
  ["Einsum of two sizes for a letter", einsum("ab,bc->ac", [2, 3], [4, 5]), "sizes of b differ: 3 and 4"],
  ["Einsum of another rank", einsum("ab,bc->ac", [2, 3, 1], [3, 5]), "Einsum ab,bc->ac: rank of input 0"],
  ["LayerNormalization of another width", layerNorm([4]), "widths of input and weight differ: 8 and 4"],
  ["MultiHeadAttention of other widths", attention([1, 7, 6], [1, 7, 8]), "widths of query and key differ: 8 and 6"],
  ["MultiHeadAttention of other lengths", attention([1, 7, 8], [1, 6, 8]), "lengths of key and value differ: 7 and 6"],
  ["MultiHeadAttention with a bias of other rows", biased([1, 2, 4, 7]), "rows of bias and queries differ: 4 and 3"],
  ["MultiHeadAttention with a bias of other columns", biased([1, 2, 3, 6]), "columns of bias and keys differ: 6 and 7"],
  ["BiasGelu of another width", { operator: "BiasGelu", inputs: [[2, 8], [4]] }, "widths of input and bias differ"],
  [
    "SkipLayerNormalization of a larger skip",
    { operator: "SkipLayerNormalization", inputs: [[1, 3, 8], [2, 3, 8], [8]] },
    "the skip [2,3,8] does not broadcast to [1,3,8]",
  ],
  ["MaxPool beyond the image", maxPool([1, 2, 3, 3], [5, 5]), "MaxPool: the kernel does not fit (5 in 3)"],
  ["MaxPool of an image of no known side", maxPool([1, 2, "points", 8], [2, 2]), "image side must be known"],
  [
    "Resize by scales",
    { operator: "Resize", inputs: [[1, 2, 3, 3], undefined, [4]] },
    "Resize needs a constant made by ints()",
  ],
  [
    "BatchNormalization of other channels",
    { operator: "BatchNormalization", inputs: [[1, 3, 2, 2], [3], [3], [4], [3]] },
    "channels of statistics and input differ: 4 and 3",
  ],
  ["an operator without a rule", { operator: "Softplus", inputs: [[1]] }, "operator Softplus has no shape rule"],
];

test.each(wrong)(
  "%s fails while the graph is built, by the node's name",
  (_, { operator, inputs, attributes }, message) => {
    const graph = new GraphBuilder("decoder");
    const values = inputs.map((given, i) => inputOf(graph, given, i));
    const add = () => graph.within("layers.3", () => graph.op(operator, values, attributes));
    expect(add).toThrow(message);
    if (operator !== "Softplus") expect(add).toThrow(`decoder: layers.3/${operator}`);
  },
);

function scatterRows(data: readonly number[], indices: readonly number[], updates: readonly number[]): Call {
  return { operator: "ScatterND", inputs: [data, { type: "int64", dims: indices }, updates] };
}

function reshapeTo(dims: readonly Dim[], target: readonly number[]) {
  return { operator: "Reshape", inputs: [dims, { ints: target }] };
}
function transposeBy(perm: readonly number[]) {
  return { operator: "Transpose", inputs: [[2, 3, 4]], attributes: { perm } };
}
function concat(...inputs: readonly (readonly Dim[])[]) {
  return { operator: "Concat", inputs, attributes: { axis: 0 } };
}
function split(sizes: readonly number[], dims: readonly Dim[]) {
  return { operator: "Split", inputs: [dims, { ints: sizes }], attributes: { axis: 0 } };
}
function convOf(x: readonly Dim[], weight: readonly number[]) {
  return { operator: "Conv", inputs: [x, weight] };
}
function maxPool(x: readonly Dim[], kernel: readonly number[]) {
  return { operator: "MaxPool", inputs: [x], attributes: { kernel_shape: kernel } };
}
function einsum(equation: string, ...inputs: readonly (readonly Dim[])[]) {
  return { operator: "Einsum", inputs, attributes: { equation } };
}
function layerNorm(width: readonly number[]) {
  return { operator: "LayerNormalization", inputs: [[2, 8], width, width], attributes: { axis: -1 } };
}
function attention(key: readonly Dim[], value: readonly Dim[]) {
  return { operator: "MultiHeadAttention", inputs: [[1, 3, 8], key, value], attributes: { num_heads: 2 } };
}

function biased(bias: readonly Dim[]) {
  const call = attention([1, 7, 8], [1, 7, 8]);
  return { ...call, inputs: [...call.inputs, undefined, undefined, bias] };
}
function sliceOf(dims: readonly Dim[], [start, end, axis]: readonly [number, number, number]) {
  return { operator: "Slice", inputs: [dims, ...[start, end, axis].map((value) => ({ ints: [value] }))] };
}
