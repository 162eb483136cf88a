/** This file writes operators out in simpler ones, for providers on which they go wrong. */
import type { Dim, ElementType, GraphNode, GraphValue } from "../../api.ts";
import type { GraphBuilder } from "../graph.ts";
import { add, concat, mul, reshape, softmax, split, transpose } from "../layers.ts";
import { elementTypeCodes } from "../operators/shapes.ts";

const defaults = {
  /** The most bytes of attention scores that are in memory at a time, where the sizes are known while building. */
  scoreBytes: 64 * 2 ** 20,
};

/**
 * Writes MultiHeadAttention as products and softmax: [batch, queries, heads · width of a value], of the operator's own inputs. Queries go
 * in parts where all scores together take more than `scoreBytes`.
 */
export function attentionInProducts(
  graph: GraphBuilder,
  inputs: readonly (GraphValue | undefined)[],
  attributes: GraphNode["attributes"],
  scoreBytes: number = defaults.scoreBytes,
): GraphValue {
  const heads = attributes.num_heads as number;
  const query = byHead(graph, inputs[0]!, heads);
  const key = byHead(graph, inputs[1]!, heads);
  const value = byHead(graph, inputs[2]!, heads);
  const width = query.dims[3] as number;
  const scale = (attributes.scale as { readonly float: number } | undefined) ?? { float: 1 / Math.sqrt(width) };
  const sizes = partSizes(query.dims, key.dims[2]!, scoreBytes);
  const parts = (x: GraphValue) => (sizes === undefined ? [x] : split(graph, x, 2, sizes));
  const biases = inputs[5] === undefined ? [] : parts(inputs[5]);
  const attended = parts(query).map((part, i) => {
    const scores = productInTwo(graph, [part, key], { transB: 1, alpha: scale });
    const bias = biases[i];
    return graph.op("MatMul", [softmax(graph, bias === undefined ? scores : add(graph, scores, bias)), value]);
  });
  const joined = attended.length === 1 ? attended[0]! : concat(graph, attended, 2);
  const [batch, queries] = inputs[0]!.dims as [Dim, Dim];
  return reshape(graph, transpose(graph, joined, [0, 2, 1, 3]), [batch, queries, heads * (value.dims[3] as number)]);
}

/**
 * Writes FusedMatMul, the product of matrices that may be transposed and scaled, as Transpose, MatMul and Mul. A constant is
 * transposed once, when the session is made.
 */
export function productInTwo(
  graph: GraphBuilder,
  [a, b]: readonly [GraphValue, GraphValue],
  { transA, transB, alpha }: GraphNode["attributes"],
): GraphValue {
  const product = graph.op("MatMul", [transA === 1 ? flipped(graph, a) : a, transB === 1 ? flipped(graph, b) : b]);
  const scale = (alpha as { readonly float: number } | undefined)?.float ?? 1;
  return scale === 1 ? product : mul(graph, product, numberAs(graph, scale, product.type));
}

/** Returns a number of this type of floats; the runtime casts it once, when the session is made. */
function numberAs(graph: GraphBuilder, value: number, type: ElementType): GraphValue {
  const number = graph.number(value);
  return type === "float32" ? number : graph.op("Cast", [number], { to: elementTypeCodes[type] });
}

/** Exchanges the last two axes. */
function flipped(graph: GraphBuilder, x: GraphValue): GraphValue {
  const axes = x.dims.map((_, axis) => axis);
  return transpose(graph, x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}

/** Turns [batch, length, heads · width] into [batch, heads, length, width]; a value that is by head already stays. */
function byHead(graph: GraphBuilder, x: GraphValue, heads: number): GraphValue {
  if (x.dims.length === 4) return x;
  const [batch, length, width] = x.dims as [Dim, Dim, number];
  return transpose(graph, reshape(graph, x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

/**
 * Returns the numbers of queries that go together: equal ones whose scores fit the limit. Returns nothing where all go at once,
 * or a size is open.
 */
function partSizes(query: readonly Dim[], keys: Dim, limit: number): readonly number[] | undefined {
  const dims = [...query.slice(0, 3), keys];
  if (dims.some((dim) => typeof dim === "string")) return undefined;
  const [batch, heads, queries, each] = dims as [number, number, number, number];
  const bytes = batch * heads * queries * each * Float32Array.BYTES_PER_ELEMENT;
  if (bytes <= limit) return undefined;
  let parts = Math.ceil(bytes / limit);
  while (queries % parts !== 0) parts++;
  return new Array<number>(parts).fill(queries / parts);
}

/** 1 - y²/3! + y⁴/5! …: sin(y) / y to 4e-8 for y up to π/2. */
const seriesOfSine = [1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362_880, -1 / 39_916_800];

/**
 * Computes sine or cosine from sums and products alone. cos(2π t) is even and has period 1, so with r = t - round(t) it is
 * sin(2π (1/4 - |r|)), whose argument lies within ±π/2; the sine is the cosine a quarter later. Rounding is written as Floor, which
 * WebGPU has and Round it has not.
 */
export function waveInProducts(graph: GraphBuilder, x: GraphValue, wave: "Sin" | "Cos"): GraphValue {
  const number = (value: number) => graph.number(value);
  const turns = mul(graph, x, number(1 / (2 * Math.PI)));
  const t = wave === "Cos" ? turns : add(graph, turns, number(-0.25));
  const rest = graph.op("Sub", [t, graph.op("Floor", [add(graph, t, number(0.5))])]);
  const y = mul(graph, graph.op("Sub", [number(0.25), graph.op("Abs", [rest])]), number(2 * Math.PI));
  const square = mul(graph, y, y);
  const [last, ...lower] = seriesOfSine.toReversed();
  let sum: GraphValue = number(last!);
  for (const coefficient of lower) sum = add(graph, mul(graph, sum, square), number(coefficient));
  return mul(graph, sum, y);
}
