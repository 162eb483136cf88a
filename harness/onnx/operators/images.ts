import type { Dim } from "../../api.ts";
import { dimAt, input, intsAttribute, keepShape, type OperatorCall, type OperatorRule, same } from "./rule.ts";

/** These operators work on [batch, channels, rows, columns], and papers count no multiply-accumulates for them. */
export const imageRules: Readonly<Record<string, OperatorRule>> = {
  MaxPool: { infer: (call) => [{ type: input(call, 0).type, dims: pooledDims(call) }] },
  AveragePool: { infer: (call) => [{ type: input(call, 0).type, dims: pooledDims(call) }] },
  GlobalAveragePool: {
    infer: (call) => {
      const { type, dims } = input(call, 0);
      return [{ type, dims: dims.map((dim, axis) => (axis < 2 ? dim : 1)) }];
    },
  },
  // By sizes, which are the result's shape where they are constants; scales are floats, which no rule sees.
  Resize: {
    infer: (call) => {
      const { type, dims } = input(call, 0);
      const sizes = call.vouched ?? call.ints(3);
      same(sizes.length, dims.length, "Resize: ranks of result and input");
      return [{ type, dims: sizes }];
    },
  },
  BatchNormalization: {
    infer: (call) => {
      const channels = dimAt(input(call, 0), 1);
      for (const index of [1, 2, 3, 4])
        same(dimAt(input(call, index), 0), channels, "BatchNormalization: channels of statistics and input");
      return keepShape.infer(call);
    },
  },
};

function pooledDims(call: OperatorCall): Dim[] {
  const { dims } = input(call, 0);
  const kernel = intsAttribute(call, "kernel_shape");
  const strides = intsAttribute(call, "strides", [1, 1]);
  const pads = intsAttribute(call, "pads", [0, 0, 0, 0]);
  if (call.attributes.dilations !== undefined || call.attributes.ceil_mode !== undefined)
    throw new Error(`${call.operator}: dilations and ceil_mode have no shape rule yet`);
  const spatial = [0, 1].map((axis) => {
    const side = dims[axis + 2];
    if (typeof side !== "number")
      throw new Error(`${call.operator}: the image side must be known while building (is ${side})`);
    const padded = side + pads[axis]! + pads[axis + 2]!;
    if (kernel[axis]! > padded)
      throw new Error(`${call.operator}: the kernel does not fit (${kernel[axis]} in ${padded})`);
    return Math.floor((padded - kernel[axis]!) / strides[axis]!) + 1;
  });
  return [...dims.slice(0, 2), ...spatial];
}
