import { broadcastDims } from "../dims.ts";
import { axisOf, dimAt, input, intAttribute, keepShape, type OperatorRule, same } from "./rule.ts";

const broadcast: OperatorRule = {
  infer: (call) => {
    const a = input(call, 0);
    const b = input(call, 1);
    if (a.type !== b.type) throw new Error(`${call.operator} of ${a.type} and ${b.type}`);
    return [{ type: a.type, dims: broadcastDims(a.dims, b.dims) }];
  },
};

const compare: OperatorRule = {
  infer: (call) => [{ type: "bool", dims: broadcastDims(input(call, 0).dims, input(call, 1).dims) }],
};

const reduce: OperatorRule = {
  infer: (call) => {
    const { type, dims } = input(call, 0);
    const axes = new Set(call.ints(1).map((axis) => axisOf(axis, dims.length)));
    const kept = intAttribute(call, "keepdims", 1) === 1;
    return [{ type, dims: dims.flatMap((dim, axis) => (axes.has(axis) ? (kept ? [1] : []) : [dim])) }];
  },
};

/** These operators work element by element, or along one axis: shapes stay as they are, or broadcast. */
export const elementwiseRules: Readonly<Record<string, OperatorRule>> = {
  Add: broadcast,
  Sub: broadcast,
  Mul: broadcast,
  Div: broadcast,
  Pow: {
    infer: (call) => [{ type: input(call, 0).type, dims: broadcastDims(input(call, 0).dims, input(call, 1).dims) }],
  },
  Max: broadcast,
  Min: broadcast,
  Equal: compare,
  Greater: compare,
  GreaterOrEqual: compare,
  Less: compare,
  Where: {
    infer: (call) => {
      const condition = input(call, 0);
      const a = input(call, 1);
      const b = input(call, 2);
      return [{ type: a.type, dims: broadcastDims(condition.dims, broadcastDims(a.dims, b.dims)) }];
    },
  },
  Sqrt: keepShape,
  Log: keepShape,
  Erf: keepShape,
  Sin: keepShape,
  Cos: keepShape,
  Relu: keepShape,
  Abs: keepShape,
  Neg: keepShape,
  Floor: keepShape,
  Round: keepShape,
  Clip: keepShape,
  Sigmoid: keepShape,
  Tanh: keepShape,
  Identity: keepShape,
  // The runtime's own operator has the error-function form alone, ONNX's has the tanh form too.
  Gelu: { ...keepShape, domain: ({ approximate }) => (approximate === undefined ? "com.microsoft" : "") },
  BiasGelu: {
    domain: "com.microsoft",
    infer: (call) => {
      same(dimAt(input(call, 0), -1), dimAt(input(call, 1), -1), "BiasGelu: widths of input and bias");
      return keepShape.infer(call);
    },
  },
  Softmax: keepShape,
  LayerNormalization: {
    infer: (call) => {
      same(dimAt(input(call, 0), -1), dimAt(input(call, 1), -1), "LayerNormalization: widths of input and weight");
      return keepShape.infer(call);
    },
  },
  InstanceNormalization: {
    infer: (call) => {
      same(dimAt(input(call, 0), 1), dimAt(input(call, 1), 0), "InstanceNormalization: channels of input and weight");
      return keepShape.infer(call);
    },
  },
  // The fourth output is the sum of input, skip and bias: the residual stream itself.
  SkipLayerNormalization: {
    domain: "com.microsoft",
    infer: (call) => {
      const x = input(call, 0);
      const skip = input(call, 1);
      const sum = broadcastDims(x.dims, skip.dims);
      if (sum.join() !== x.dims.join()) throw new Error(`the skip [${skip.dims}] does not broadcast to [${x.dims}]`);
      return Array.from({ length: call.outputCount }, () => ({ type: x.type, dims: x.dims }));
    },
  },
  // The zero point says what the integers are.
  QuantizeLinear: { infer: (call) => [{ type: input(call, 2).type, dims: input(call, 0).dims }] },
  // The scale says what the numbers are.
  DequantizeLinear: { infer: (call) => [{ type: input(call, 1).type, dims: input(call, 0).dims }] },
  DynamicQuantizeLinear: {
    infer: (call) => [
      { type: "uint8", dims: input(call, 0).dims },
      { type: "float32", dims: [] },
      { type: "uint8", dims: [] },
    ],
  },
  ReduceMean: reduce,
  ReduceSum: reduce,
  ReduceSumSquare: reduce,
  ReduceMax: reduce,
  ReduceMin: reduce,
};
