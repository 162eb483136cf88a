import type { Checkpoint, Dim, GraphValue, Weight } from "../api.ts";
import type { GraphBuilder } from "./graph.ts";

/** A module is where a layer is built: the graph, the weights, and the layer's name in the checkpoint. */
export interface Module {
  readonly graph: GraphBuilder;
  readonly checkpoint: Checkpoint;
  readonly path: string;
}

/** Returns a part of a module, by PyTorch's name: `child(block, "attn.qkv")`. */
export function child(module: Module, name: string): Module {
  return { ...module, path: module.path === "" ? name : `${module.path}.${name}` };
}

/** Returns the module's own tensor. Throws HarnessError where the checkpoint lacks it or has another shape. */
export function take(module: Module, name: string, dims: readonly number[]): Weight {
  return module.checkpoint.take(module.path === "" ? name : `${module.path}.${name}`, dims);
}

/** Returns the module's own tensor as a constant of the graph. */
export function weight(module: Module, name: string, dims: readonly number[]): GraphValue {
  return module.graph.weight(take(module, name, dims));
}

// ── Moving values ───────────────────────────────────────────────────────────

/** Gives the value the shape `dims`, of which one may be symbolic away from its place. It costs nothing at run time. */
export function reshape(graph: GraphBuilder, x: GraphValue, dims: readonly Dim[]): GraphValue {
  const target = dims.map((dim, i) => (typeof dim === "number" ? dim : dim === x.dims[i] ? 0 : -1));
  const result = graph.op("Reshape", [x, graph.ints(target)]);
  if (result.dims.join() !== dims.join()) throw new Error(`reshape gives [${result.dims}] instead of [${dims}]`);
  return result;
}

export function transpose(graph: GraphBuilder, x: GraphValue, order: readonly number[]): GraphValue {
  return graph.op("Transpose", [x], { perm: order });
}

export function concat(graph: GraphBuilder, values: readonly GraphValue[], axis: number): GraphValue {
  return graph.op("Concat", values, { axis });
}

/** Returns `start` … `end` along one axis. */
export function slice(graph: GraphBuilder, x: GraphValue, axis: number, start: number, end: number): GraphValue {
  return graph.op("Slice", [x, graph.ints([start]), graph.ints([end]), graph.ints([axis])]);
}

/** Returns parts of equal or given sizes along one axis. */
export function split(graph: GraphBuilder, x: GraphValue, axis: number, sizes: readonly number[]): GraphValue[] {
  return graph.ops("Split", [x, graph.ints(sizes)], { axis }, { outputs: sizes.length });
}

// ── Element-wise ────────────────────────────────────────────────────────────

export function add(graph: GraphBuilder, a: GraphValue, b: GraphValue): GraphValue {
  return graph.op("Add", [a, b]);
}

export function mul(graph: GraphBuilder, a: GraphValue, b: GraphValue): GraphValue {
  return graph.op("Mul", [a, b]);
}

/** Adds GELU in its error-function form, as one operator. */
export function gelu(graph: GraphBuilder, x: GraphValue): GraphValue {
  return graph.op("Gelu", [x]);
}

/** Adds GELU in its tanh form, x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, as one operator that stays in blocks of channels. */
export function tanhGelu(graph: GraphBuilder, x: GraphValue): GraphValue {
  return graph.op("Gelu", [x], { approximate: "tanh" });
}

export function softmax(graph: GraphBuilder, x: GraphValue, axis = -1): GraphValue {
  return graph.op("Softmax", [x], { axis });
}

// ── Layers with weights ─────────────────────────────────────────────────────

interface Widths {
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * Returns x W^T without the bias, on PyTorch's own [outputs, inputs] weight: nothing is transposed, neither here nor at run
 * time.
 */
export function product(module: Module, x: GraphValue, { inputs, outputs }: Widths): GraphValue {
  return module.graph.op("FusedMatMul", [x, weight(module, "weight", [outputs, inputs])], { transB: 1 });
}

/** Returns x W^T + b over the last axis. */
export function linear(module: Module, x: GraphValue, widths: Widths): GraphValue {
  return module.graph.within(module.path, () =>
    add(module.graph, product(module, x, widths), weight(module, "bias", [widths.outputs])),
  );
}

interface Normalisation {
  readonly width: number;
  readonly epsilon: number;
}

/** Normalises over the last axis. */
export function layerNorm(module: Module, x: GraphValue, { width, epsilon }: Normalisation): GraphValue {
  const inputs = [x, weight(module, "weight", [width]), weight(module, "bias", [width])];
  return module.graph.op("LayerNormalization", inputs, { axis: -1, epsilon: { float: epsilon } });
}

interface Residual extends Normalisation {
  /** Bias that is added to the branch before the branch joins the residual stream. */
  readonly bias: GraphValue;
}

/**
 * Returns branch + bias + stream, and its normalisation: [normalised, new stream]. It takes three operators, since the runtime's
 * joint one, SkipLayerNormalization, is slower than they are.
 */
export function addAndNorm(
  module: Module,
  branch: GraphValue,
  stream: GraphValue,
  { bias, ...normalisation }: Residual,
): readonly [GraphValue, GraphValue] {
  const sum = add(module.graph, add(module.graph, branch, bias), stream);
  return [layerNorm(module, sum, normalisation), sum];
}

interface Convolution {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly groups?: number;
  readonly bias: "with bias" | "without bias";
}

/** Convolves [batch, channels, rows, columns]. */
export function conv2d(module: Module, x: GraphValue, how: Convolution): GraphValue {
  const { inputs, outputs, kernel, stride = 1, padding = 0, groups = 1 } = how;
  const kernels = weight(module, "weight", [outputs, inputs / groups, kernel, kernel]);
  const bias = how.bias === "with bias" ? [weight(module, "bias", [outputs])] : [];
  return module.graph.op("Conv", [x, kernels, ...bias], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
    group: groups === 1 ? undefined : groups,
  });
}
