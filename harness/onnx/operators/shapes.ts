import type { Dim, ElementType } from "../../api.ts";
import { addDims, product, quotient } from "../dims.ts";
import { axisOf, input, intAttribute, intsAttribute, type OperatorCall, type OperatorRule, same } from "./rule.ts";

/** Numbers of ONNX's TensorProto.DataType, as Cast's `to` wants them. */
export const elementTypeCodes: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
};

/** Operators that move values without changing them. */
export const shapeRules: Readonly<Record<string, OperatorRule>> = {
  Reshape: { infer: (call) => [{ type: input(call, 0).type, dims: reshaped(call) }] },
  Transpose: {
    infer: (call) => {
      const { type, dims } = input(call, 0);
      const order = intsAttribute(call, "perm");
      if (order.length !== dims.length) throw new Error(`Transpose [${order}] of rank ${dims.length}`);
      return [{ type, dims: order.map((axis) => dims[axis]!) }];
    },
  },
  Concat: { infer: (call) => [{ type: input(call, 0).type, dims: concatenated(call) }] },
  Slice: { infer: (call) => [{ type: input(call, 0).type, dims: sliced(call) }] },
  Split: { infer: split },
  Gather: {
    infer: (call) => {
      const [data, indices] = [input(call, 0), input(call, 1)];
      const axis = axisOf(intAttribute(call, "axis", 0), data.dims.length);
      return [{ type: data.type, dims: [...data.dims.slice(0, axis), ...indices.dims, ...data.dims.slice(axis + 1)] }];
    },
  },
  Unsqueeze: {
    infer: (call) => {
      const { type, dims } = input(call, 0);
      const axes = call.ints(1).map((axis) => axisOf(axis, dims.length + call.ints(1).length));
      const result: Dim[] = [...dims];
      for (const axis of [...axes].sort((a, b) => a - b)) result.splice(axis, 0, 1);
      return [{ type, dims: result }];
    },
  },
  Squeeze: {
    infer: (call) => {
      const { type, dims } = input(call, 0);
      const axes = new Set(call.ints(1).map((axis) => axisOf(axis, dims.length)));
      for (const axis of axes) same(dims[axis]!, 1, "Squeeze: dimension and 1");
      return [{ type, dims: dims.filter((_, axis) => !axes.has(axis)) }];
    },
  },
  Pad: {
    infer: (call) => {
      const { type, dims } = input(call, 0);
      const pads = call.ints(1);
      return [{ type, dims: dims.map((dim, i) => addDims(addDims(dim, pads[i]!), pads[i + dims.length]!)) }];
    },
  },
  // The result's shape follows from values of the run; the caller says what it will be.
  Expand: {
    infer: (call) => {
      if (call.vouched === undefined) throw new Error("Expand needs a vouched shape");
      return [{ type: input(call, 0).type, dims: call.vouched }];
    },
  },
  Tile: {
    infer: (call) => {
      const { type, dims } = input(call, 0);
      return [{ type, dims: call.vouched ?? dims.map((dim, i) => product([dim, call.ints(1)[i]!])) }];
    },
  },
  Shape: { infer: (call) => [{ type: "int64", dims: [input(call, 0).dims.length] }] },
  Cast: {
    infer: (call) => {
      const code = intAttribute(call, "to");
      const type = Object.entries(elementTypeCodes).find(([, value]) => value === code)?.[0];
      if (type === undefined) throw new Error(`Cast to the unknown type ${code}`);
      return [{ type: type as ElementType, dims: input(call, 0).dims }];
    },
  },
};

/** 0 keeps the dimension at its place, -1 takes what is left. */
function reshaped(call: OperatorCall): Dim[] {
  const { dims } = input(call, 0);
  const target = call.ints(1).map((size, i) => (size === 0 ? dims[i]! : size));
  const known = target.filter((size) => size !== -1);
  const rest = quotient(dims, known);
  if (known.length === target.length && rest !== 1) throw new Error(`can not reshape [${dims}] to [${target}]`);
  return target.map((size) => (size === -1 ? rest : size));
}

function concatenated(call: OperatorCall): Dim[] {
  const first = input(call, 0).dims;
  const axis = axisOf(intAttribute(call, "axis"), first.length);
  return call.inputs.slice(1).reduce<Dim[]>(
    (dims, value) =>
      dims.map((dim, i) => {
        if (i === axis) return addDims(dim, value!.dims[i]!);
        same(dim, value!.dims[i]!, `Concat along axis ${axis}: dimensions ${i}`);
        return dim;
      }),
    [...first],
  );
}

function sliced(call: OperatorCall): Dim[] {
  const result: Dim[] = [...input(call, 0).dims];
  const [starts, ends, axes] = [call.ints(1), call.ints(2), call.ints(3)];
  const steps = call.inputs[4] === undefined ? axes.map(() => 1) : call.ints(4);
  for (const [i, axis] of axes.entries()) {
    const at = axisOf(axis, result.length);
    const dim = result[at]!;
    const [start, end] = [starts[i]!, ends[i]!];
    if (typeof dim === "string") {
      if (start < 0 || end < start) throw new Error(`Slice ${start}:${end} of the symbolic dimension ${dim}`);
      result[at] = end - start;
    } else {
      const last = Math.min(end < 0 ? end + dim : end, dim);
      result[at] = Math.ceil((last - (start < 0 ? start + dim : start)) / steps[i]!);
    }
  }
  return result;
}

function split(call: OperatorCall): { type: ElementType; dims: Dim[] }[] {
  const { type, dims } = input(call, 0);
  const axis = axisOf(intAttribute(call, "axis", 0), dims.length);
  const sizes =
    call.inputs[1] === undefined
      ? Array.from({ length: call.outputCount }, () => quotient([dims[axis]!], [call.outputCount]))
      : call.ints(1);
  same(sizes.reduce<Dim>(addDims, 0), dims[axis]!, "Split: sum of parts and whole");
  return sizes.map((size) => ({ type, dims: dims.with(axis, size) }));
}
