import type { GraphValue } from "../../api.ts";
import { asApart, asJoined, type BatchCall, imageByImage, isShared, joinedAgain, joinedOf, repeated } from "./forms.ts";
import { type ImageValues, joinedDims } from "./imageValues.ts";

/** Values that stand for a node's outputs: for each output all images joined, or each by itself; or values that all images share. */
interface BatchForm {
  readonly images?: readonly (GraphValue | readonly GraphValue[])[];
  readonly shared?: readonly GraphValue[];
}

/** Returns the joined outputs; nothing where this use of the operator has no form for all images at once. */
type BatchRule = (call: BatchCall) => readonly GraphValue[] | undefined;

/** These operators treat the entries along the first axis alike, so that joined images pass through them. */
const entryByEntry = [
  ...[
    "Abs",
    "Neg",
    "Sqrt",
    "Relu",
    "Sigmoid",
    "Tanh",
    "Erf",
    "Gelu",
    "BiasGelu",
    "Clip",
    "Floor",
    "Round",
    "Cast",
    "Log",
  ],
  ...["Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "BatchNormalization", "QLinearConv"],
  ...["LayerNormalization", "InstanceNormalization", "Identity", "MatMulNBits"],
];

const elementwise = [
  ...["Add", "Sub", "Mul", "Div", "Pow", "Max", "Min"],
  ...["Equal", "Greater", "GreaterOrEqual", "Less", "Where"],
];

const reductions = ["ReduceMean", "ReduceSum", "ReduceSumSquare", "ReduceMax", "ReduceMin"];

const rules: Readonly<Record<string, BatchRule>> = {
  ...named(entryByEntry, (call) => (call.inputs.slice(1).every(isShared) ? asJoined(call) : undefined)),
  ...named(elementwise, broadcast),
  ...named(reductions, (call) => (leavesFirstAxis(call, call.ints(1)) ? asJoined(call) : undefined)),
  ...named(["Reshape", "Squeeze", "Unsqueeze"], ({ inputs: [x], ...call }) => [
    joinedAgain({ ...call, inputs: [x] }, joinedOf(x)!, call.outputs[0]!),
  ]),
  ...named(["MatMul", "FusedMatMul"], product),
  Softmax: (call) => (axisOf(call, -1) === 0 ? undefined : asJoined(call)),
  Split: (call) => (axisOf(call, 0) === 0 ? undefined : asJoined(call)),
  Slice: (call) => (leavesFirstAxis(call, call.ints(3)) ? asJoined(call) : undefined),
  Pad: (call) =>
    call.ints(1)?.[0] === 0 && call.inputs[0]!.dims[0] === call.outputs[0]![0] ? asJoined(call) : undefined,
  Gather: gather,
  Concat: concat,
  Transpose: transpose,
  Resize: resize,
  MultiHeadAttention: attention,
};

function named(operators: readonly string[], rule: BatchRule): Readonly<Record<string, BatchRule>> {
  return Object.fromEntries(operators.map((operator) => [operator, rule]));
}

/** Returns the node's form for a batch. */
export function formOf(call: BatchCall): BatchForm {
  // The sides of joined images are what is done with them asks for: the first is the batch's.
  if (call.node.operator === "Shape") return { shared: asJoined(call) };
  // A number of each image, like the scale of its values, has no axis along which images could follow each other.
  const own = call.inputs.flatMap((value) => (isShared(value) ? [] : [value.dims]));
  const hasNumber = [...own, ...call.outputs].some(({ length }) => length === 0);
  return { images: (hasNumber ? undefined : rules[call.node.operator]?.(call)) ?? imageByImage(call) };
}

/** Returns the node's axis, counted from the front. */
function axisOf({ node, inputs }: BatchCall, standard: number): number {
  const axis = Number(node.attributes.axis ?? standard);
  return axis < 0 ? axis + inputs[0]!.dims.length : axis;
}

function leavesFirstAxis({ inputs: [x] }: BatchCall, axes: readonly number[] | undefined): boolean {
  return axes?.every((axis) => axis !== 0 && axis !== -x!.dims.length) ?? false;
}

/**
 * Operands of one rank and one first side broadcast as they are, joined; a shared one with a first side of 1, or without that
 * axis, does too. For all others images get an axis of their own.
 */
function broadcast(call: BatchCall): readonly GraphValue[] {
  const [output] = call.outputs as [readonly number[]];
  const rank = output.length;
  const fits = call.inputs.every((value) => {
    if (value === undefined) return true;
    if (isShared(value)) return value.dims.length < rank || value.dims[0] === 1;
    return value.dims.length === rank && value.dims[0] === output[0];
  });
  return fits ? asJoined(call) : asApart(call, rank);
}

/** A product with a shared matrix goes row by row, and one of two stacks of matrices stack by stack. */
function product(call: BatchCall): readonly GraphValue[] {
  const [a, b] = call.inputs as [ImageValues | GraphValue, ImageValues | GraphValue];
  const rank = Math.max(a.dims.length, b.dims.length);
  const rows = !isShared(a) && isShared(b) && b.dims.length === 2 && (rank > 2 || call.node.attributes.transA !== 1);
  const stacks = !isShared(a) && !isShared(b) && rank > 2 && a.dims.length === b.dims.length && a.dims[0] === b.dims[0];
  return rows || stacks ? asJoined(call) : asApart(call, rank);
}

function gather(call: BatchCall): readonly GraphValue[] | undefined {
  const [data, indices] = call.inputs;
  if (!isShared(indices)) return undefined;
  const axis = axisOf(call, 0);
  return axis === 0 ? asApart(call, data!.dims.length, { axis: 1 }) : asJoined(call);
}

/** A value that all images share stands beside each of them. */
function concat(call: BatchCall): readonly GraphValue[] | undefined {
  if (axisOf(call, 0) === 0) return undefined;
  const values = call.inputs.map((value) => (isShared(value) ? repeated(call, value!) : value.joined));
  return [call.graph.op("Concat", values, call.node.attributes)];
}

/** A first axis that moves takes the images' axis with it: they get one of their own before that, which stays. */
function transpose(call: BatchCall): readonly GraphValue[] {
  const order = call.node.attributes.perm as readonly number[];
  if (order[0] === 0) return asJoined(call);
  return asApart(call, order.length, { perm: [0, ...order.map((axis) => axis + 1)] });
}

/** The result's sides are a list, whose first becomes the batch's, or follow from those of joined images. */
function resize(call: BatchCall): readonly GraphValue[] | undefined {
  const { graph, batch, node, inputs, outputs } = call;
  const [x, , , sizes] = inputs;
  if (isShared(x) || !isShared(sizes)) return undefined;
  const dims = joinedDims(batch, outputs[0]!);
  const wanted = call.ints(3) === undefined ? sizes : graph.ints(dims);
  return [graph.op("Resize", [x.joined, undefined, undefined, wanted], node.attributes, { vouched: dims })];
}

/** Queries, keys and values are the images' own; a bias is their own too, or is one for all windows, or one for each. */
function attention(call: BatchCall): readonly GraphValue[] | undefined {
  const [query, key, value, ...others] = call.inputs;
  const bias = others[2];
  if ([query, key, value].some(isShared)) return undefined;
  if (!isShared(bias)) return bias.dims[0] === query!.dims[0] ? asJoined(call) : undefined;
  if (bias === undefined || bias.dims[0] === 1) return asJoined(call);
  return asJoined({ ...call, inputs: [query, key, value, others[0], others[1], repeated(call, bias)] });
}
