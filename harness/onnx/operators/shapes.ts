import type { Dim, ElementType } from "../../api.ts";
import { addDims, product, quotient } from "../dims.ts";
import {
  axisOf,
  dimAt,
  input,
  intAttribute,
  intsAttribute,
  type OperatorCall,
  type OperatorRule,
  same,
} from "./rule.ts";

/** Numbers of ONNX's TensorProto.DataType, as Cast's `to` wants them. */
export const elementTypeCodes: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
  int4: 22,
};

/** These operators move values without changing them. */
export const shapeRules: Readonly<Record<string, OperatorRule>> = {
  Reshape: { infer: (call) => [{ type: input(call, 0).type, dims: reshaped(call) }] },
  Transpose: {
    infer: (call) => {
      const { type, dims } = input(call, 0);
      const order = intsAttribute(call, "perm");
      const axes = new Set(order);
      if (order.length !== dims.length || !dims.every((_, axis) => axes.has(axis)))
        throw new Error(`Transpose [${order}] of rank ${dims.length}`);
      return [{ type, dims: order.map((axis) => dims[axis]!) }];
    },
  },
  Concat: { infer: (call) => [{ type: input(call, 0).type, dims: concatenated(call) }] },
  Slice: { infer: (call) => [{ type: input(call, 0).type, dims: call.vouched ?? sliced(call) }] },
  Split: { infer: split },
  Gather: {
    infer: (call) => {
      const data = input(call, 0);
      const indices = input(call, 1);
      const axis = axisOf(intAttribute(call, "axis", 0), data.dims.length);
      return [{ type: data.type, dims: [...data.dims.slice(0, axis), ...indices.dims, ...data.dims.slice(axis + 1)] }];
    },
  },
  GatherElements: {
    infer: (call) => {
      const data = input(call, 0);
      const indices = input(call, 1);
      same(indices.dims.length, data.dims.length, "GatherElements: ranks of indices and data");
      return [{ type: data.type, dims: indices.dims }];
    },
  },
  ScatterElements: {
    infer: (call) => {
      const data = input(call, 0);
      const indices = input(call, 1);
      const updates = input(call, 2);
      same(indices.dims.join(), updates.dims.join(), "ScatterElements: shapes of indices and updates");
      same(indices.dims.length, data.dims.length, "ScatterElements: ranks of indices and data");
      return [{ type: data.type, dims: data.dims }];
    },
  },
  // The last dimension of the indices is how many leading axes of the data they name.
  ScatterND: {
    infer: (call) => {
      const data = input(call, 0);
      const indices = input(call, 1);
      const updates = input(call, 2);
      const named = dimAt(indices, -1);
      if (typeof named === "string" || named > data.dims.length)
        throw new Error(`ScatterND: indices name ${named} of ${data.dims.length} axes`);
      const expected = [...indices.dims.slice(0, -1), ...data.dims.slice(named)];
      same(updates.dims.join(), expected.join(), "ScatterND: shape of updates and what the indices name");
      return [{ type: data.type, dims: data.dims }];
    },
  },
  TopK: {
    infer: (call) => {
      const { type, dims } = input(call, 0);
      const kept = dims.with(axisOf(intAttribute(call, "axis", -1), dims.length), call.ints(1)[0]!);
      return [
        { type, dims: kept },
        { type: "int64", dims: kept },
      ];
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
      if (pads.length !== 2 * dims.length) throw new Error(`Pad [${pads}] of rank ${dims.length}`);
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

/** Returns the new shape: 0 keeps the dimension at its place, -1 takes what is left. */
function reshaped(call: OperatorCall): Dim[] {
  const { dims } = input(call, 0);
  const target = call.ints(1).map((size, i) => (size === 0 ? dims[i]! : size));
  const known = target.filter((size) => size !== -1);
  const rest = quotient(dims, known);
  const unknowns = target.length - known.length;
  if (unknowns > 1 || (unknowns === 0 && rest !== 1)) throw new Error(`can not reshape [${dims}] to [${target}]`);
  return target.map((size) => (size === -1 ? rest : size));
}

function concatenated(call: OperatorCall): Dim[] {
  const first = input(call, 0).dims;
  const axis = axisOf(intAttribute(call, "axis"), first.length);
  return call.inputs.slice(1).reduce<Dim[]>(
    (dims, value) => {
      same(dims.length, value!.dims.length, `Concat along axis ${axis}: ranks`);
      return dims.map((dim, i) => {
        if (i === axis) return addDims(dim, value!.dims[i]!);
        same(dim, value!.dims[i]!, `Concat along axis ${axis}: dimensions ${i}`);
        return dim;
      });
    },
    [...first],
  );
}

function sliced(call: OperatorCall): Dim[] {
  const result: Dim[] = [...input(call, 0).dims];
  const starts = call.ints(1);
  const ends = call.ints(2);
  const axes = call.ints(3);
  const steps = call.inputs[4] === undefined ? axes.map(() => 1) : call.ints(4);
  for (const [i, axis] of axes.entries()) {
    const at = axisOf(axis, result.length);
    result[at] = slicedLength(result[at]!, starts[i]!, ends[i]!, steps[i]!);
  }
  return result;
}

/**
 * Returns the length of a slice. Bounds are clamped as ONNX says; of a dimension that is not known yet, a slice takes only what
 * lies within its first elements.
 */
function slicedLength(dim: Dim, start: number, end: number, step: number): number {
  if (typeof dim === "string") {
    if (start < 0 || end < start || step !== 1)
      throw new Error(`Slice ${start}:${end} of the symbolic dimension ${dim}`);
    return end - start;
  }
  const [lowest, highest] = step > 0 ? [0, dim] : [-1, dim - 1];
  const clamped = (bound: number) => Math.min(Math.max(bound < 0 ? bound + dim : bound, lowest), highest);
  return Math.max(0, Math.ceil((clamped(end) - clamped(start)) / step));
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
