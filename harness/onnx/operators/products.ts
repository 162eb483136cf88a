import type { Dim, ElementType } from "../../api.ts";
import { broadcastDims, product } from "../dims.ts";
import {
  dimAt,
  input,
  intAttribute,
  intsAttribute,
  type OperatorCall,
  type OperatorRule,
  same,
  type ValueShape,
} from "./rule.ts";

/** Products of matrices and convolutions are all that costs multiply-accumulates. */
export const productRules: Readonly<Record<string, OperatorRule>> = {
  MatMul: matMul(() => ({ left: false, right: false })),
  FusedMatMul: {
    domain: "com.microsoft",
    ...matMul((call) => ({ left: flag(call, "transA"), right: flag(call, "transB") })),
  },
  MatMulInteger: {
    infer: (call) => [{ type: "int32", dims: matMulDims(call, { left: false, right: false }) }],
    macs: (call, [output]) => [[...output!.dims, dimAt(input(call, 0), -1)]],
  },
  MatMulIntegerToFloat: {
    domain: "com.microsoft",
    ...matMul(() => ({ left: false, right: false })),
    infer: (call) => [{ type: "float32", dims: matMulDims(call, { left: false, right: false }) }],
  },
  MatMulNBits: {
    domain: "com.microsoft",
    infer: (call) => [{ type: "float32", dims: blockProductDims(call) }],
    macs: (call, [output]) => [[...output!.dims, dimAt(input(call, 0), -1)]],
  },
  Gemm: {
    infer: (call) => {
      const dims = matMulDims(call, { left: flag(call, "transA"), right: flag(call, "transB") });
      if (call.inputs[2] !== undefined) same(dimAt(call.inputs[2], -1), dims[1]!, "Gemm: columns of product and bias");
      return [{ type: floatTypeOf(call), dims }];
    },
    macs: (call, [output]) => [[...output!.dims, dimAt(input(call, 0), flag(call, "transA") ? 0 : 1)]],
  },
  Conv: {
    infer: (call) => [{ type: floatTypeOf(call), dims: convDims(call) }],
    macs: (call, [output]) => [[...output!.dims, ...input(call, 1).dims.slice(1)]],
  },
  // The zero point of the result says what its integers are. The runtime's own operator has the channels last too.
  QLinearConv: {
    domain: (attributes) => (attributes.channels_last === undefined ? "" : "com.microsoft"),
    infer: (call) => [{ type: input(call, 7).type, dims: convDims(call, { weight: 3 }) }],
    macs: (call, [output]) => [[...output!.dims, ...input(call, 3).dims.slice(1)]],
  },
  ConvTranspose: {
    infer: (call) => [{ type: floatTypeOf(call), dims: convTransposeDims(call) }],
    macs: (call) => [[...input(call, 0).dims, ...input(call, 1).dims.slice(1)]],
  },
  Einsum: {
    infer: (call) => [{ type: floatTypeOf(call), dims: einsum(call).output }],
    macs: (call) => [einsum(call).all],
  },
  MultiHeadAttention: { domain: "com.microsoft", infer: attention, macs: attentionMacs },
};

interface Transposed {
  readonly left: boolean;
  readonly right: boolean;
}

function matMul(transposed: (call: OperatorCall) => Transposed): OperatorRule {
  return {
    infer: (call) => [{ type: floatTypeOf(call), dims: matMulDims(call, transposed(call)) }],
    macs: (call, [output]) => [[...output!.dims, dimAt(input(call, 0), transposed(call).left ? -2 : -1)]],
  };
}

/** Returns the type of an operator's inputs, which all have the same. */
function floatTypeOf(call: OperatorCall): ElementType {
  const { type } = input(call, 0);
  for (const value of call.inputs) if (value !== undefined) same(value.type, type, `${call.operator}: types of inputs`);
  return type;
}

function flag(call: OperatorCall, name: string): boolean {
  return intAttribute(call, name, 0) === 1;
}

function matMulDims(call: OperatorCall, transposed: Transposed): Dim[] {
  const a = input(call, 0).dims;
  const b = input(call, 1).dims;
  if (a.length < 2 || b.length < 2) throw new Error(`${call.operator} of [${a}] and [${b}]: matrices expected`);
  const [rows, inner] = transposed.left ? [a.at(-1)!, a.at(-2)!] : [a.at(-2)!, a.at(-1)!];
  const [innerB, columns] = transposed.right ? [b.at(-1)!, b.at(-2)!] : [b.at(-2)!, b.at(-1)!];
  same(inner, innerB, `${call.operator} of [${a}] and [${b}]: inner dimensions`);
  return [...broadcastDims(a.slice(0, -2), b.slice(0, -2)), rows, columns];
}

/**
 * Takes a weight [outputs, blocks, bytes of a block], whose integers of 4 bits stand two in a byte, with a scale for each block; the
 * last block of an output is stored whole, even where the inputs end before it does.
 */
function blockProductDims(call: OperatorCall): Dim[] {
  const a = input(call, 0).dims;
  const inputs = intAttribute(call, "K");
  const outputs = intAttribute(call, "N");
  const size = intAttribute(call, "block_size");
  const blocks = Math.ceil(inputs / size);
  const bytes = (size * intAttribute(call, "bits")) / 8;
  same(a.at(-1)!, inputs, `MatMulNBits of [${a}]: inner dimensions`);
  same(input(call, 1).dims.join(), `${outputs},${blocks},${bytes}`, "MatMulNBits: shape of the weight and its blocks");
  same(product(input(call, 2).dims), outputs * blocks, "MatMulNBits: scales and blocks");
  return [...a.slice(0, -1), outputs];
}

function number(dim: Dim, what: string): number {
  if (typeof dim === "string") throw new Error(`${what} must be known while building (is ${dim})`);
  return dim;
}

function convDims(call: OperatorCall, { weight: at } = { weight: 1 }): Dim[] {
  const given = input(call, 0).dims;
  const last = intAttribute(call, "channels_last", 0) === 1;
  const x = last ? [given[0]!, given[3]!, given[1]!, given[2]!] : given;
  const weight = input(call, at).dims;
  const group = intAttribute(call, "group", 1);
  same(product([weight[1]!, group]), x[1]!, "Conv: channels of input and weight");
  const strides = intsAttribute(call, "strides", [1, 1]);
  const dilations = intsAttribute(call, "dilations", [1, 1]);
  const pads = intsAttribute(call, "pads", [0, 0, 0, 0]);
  const spatial = [0, 1].map((axis) => {
    const kernel = (number(weight[axis + 2]!, "kernel") - 1) * dilations[axis]! + 1;
    const padded = number(x[axis + 2]!, "image side") + pads[axis]! + pads[axis + 2]!;
    if (kernel > padded) throw new Error(`Conv: the kernel does not fit (${kernel} in ${padded})`);
    return Math.floor((padded - kernel) / strides[axis]!) + 1;
  });
  return last ? [x[0]!, ...spatial, weight[0]!] : [x[0]!, weight[0]!, ...spatial];
}

function convTransposeDims(call: OperatorCall): Dim[] {
  const x = input(call, 0).dims;
  const weight = input(call, 1).dims;
  same(weight[0]!, x[1]!, "ConvTranspose: channels of input and weight");
  for (const name of ["pads", "group", "dilations", "output_padding"])
    if (call.attributes[name] !== undefined) throw new Error(`ConvTranspose: ${name} has no shape rule yet`);
  const strides = intsAttribute(call, "strides", [1, 1]);
  const spatial = [0, 1].map(
    (axis) => (number(x[axis + 2]!, "image side") - 1) * strides[axis]! + number(weight[axis + 2]!, "kernel"),
  );
  return [x[0]!, weight[1]!, ...spatial];
}

function einsum(call: OperatorCall): { output: Dim[]; all: Dim[] } {
  const equation = call.attributes.equation;
  if (typeof equation !== "string") throw new Error("Einsum lacks its equation");
  const [left, right] = equation.replaceAll(" ", "").split("->") as [string, string];
  const sizes = new Map<string, Dim>();
  for (const [i, letters] of left.split(",").entries()) {
    const { dims } = input(call, i);
    same(dims.length, letters.length, `Einsum ${equation}: rank of input ${i} and its letters`);
    for (const [axis, letter] of [...letters].entries()) {
      const dim = dims[axis]!;
      same(sizes.get(letter) ?? dim, dim, `Einsum ${equation}: sizes of ${letter}`);
      sizes.set(letter, dim);
    }
  }
  return { output: [...right].map((letter) => sizes.get(letter)!), all: [...sizes.values()] };
}

/** Takes the query as [batch, length, hidden]; key and value are alike, or by head [batch, heads, length, width]. */
function attention(call: OperatorCall): ValueShape[] {
  const query = input(call, 0);
  const key = input(call, 1);
  const value = input(call, 2);
  const heads = intAttribute(call, "num_heads");
  const byHead = key.dims.length === 4;
  const keyWidth = byHead ? product([heads, key.dims[3]!]) : key.dims[2]!;
  same(query.dims[2]!, keyWidth, "MultiHeadAttention: widths of query and key");
  same(dimAt(key, -2), dimAt(value, -2), "MultiHeadAttention: lengths of key and value");
  const bias = call.inputs[5];
  if (bias !== undefined) {
    same(bias.dims[2]!, query.dims[1]!, "MultiHeadAttention: rows of bias and queries");
    same(bias.dims[3]!, dimAt(key, -2), "MultiHeadAttention: columns of bias and keys");
  }
  const valueWidth = byHead ? product([heads, value.dims[3]!]) : value.dims[2]!;
  return [{ type: floatTypeOf(call), dims: [query.dims[0]!, query.dims[1]!, valueWidth] }];
}

function attentionMacs(call: OperatorCall, [output]: readonly ValueShape[]): Dim[][] {
  const query = input(call, 0);
  const key = input(call, 1);
  const length = dimAt(key, -2);
  return [
    [...query.dims, length],
    [...output!.dims, length],
  ];
}
