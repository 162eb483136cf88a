import type { GraphValue } from "../../harness/api.ts";
import {
  add,
  child,
  type GraphBuilder,
  type Module,
  mul,
  reshape,
  take,
  transposeMatrix,
  weight,
} from "../../harness/onnx/index.ts";
import { epsilons } from "./epsilons.ts";

/** This file holds layers as PyTorch's exporter writes them. Only the reference graphs use them. */

/** Returns x W^T + b. The weight is transposed once, when the file is written. */
export function exportedLinear(
  module: Module,
  x: GraphValue,
  { inputs, outputs }: { inputs: number; outputs: number },
): GraphValue {
  const { graph } = module;
  const matrix = take(module, "weight", [outputs, inputs]);
  const transposed = graph.derived({
    name: `${matrix.name}.transposed`,
    dims: [inputs, outputs],
    from: [matrix],
    compute: (values) => transposeMatrix(values!, outputs, inputs),
  });
  return add(graph, graph.op("MatMul", [x, transposed]), weight(module, "bias", [outputs]));
}

/** Returns x (1 + erf(x / sqrt 2)) / 2, in five operators. */
export function exportedGelu(graph: GraphBuilder, x: GraphValue): GraphValue {
  const error = graph.op("Erf", [graph.op("Div", [x, graph.number(Math.SQRT2)])]);
  return mul(graph, mul(graph, x, add(graph, error, graph.number(1))), graph.number(0.5));
}

/** Returns x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, GELU's tanh form, in eight operators. */
export function exportedTanhGelu(graph: GraphBuilder, x: GraphValue): GraphValue {
  const cubic = mul(graph, graph.number(0.044715), graph.op("Pow", [x, graph.number(3)]));
  const inner = mul(graph, graph.number(Math.sqrt(2 / Math.PI)), add(graph, x, cubic));
  const weighted = mul(graph, x, add(graph, graph.op("Tanh", [inner]), graph.number(1)));
  return mul(graph, graph.number(0.5), weighted);
}

interface ExportedMlp {
  readonly width: number;
  /** Hidden width: it is four times the tokens' width if left out. */
  readonly hidden?: number | undefined;
  /** The two linear layers, as the checkpoint names them. */
  readonly layers: readonly [string, string];
}

/** Adds a transformer block's MLP: two linear layers with GELU between them. */
export function exportedMlp(
  module: Module,
  x: GraphValue,
  { width, hidden = 4 * width, layers: [first, second] }: ExportedMlp,
): GraphValue {
  const widened = exportedLinear(child(module, first), x, { inputs: width, outputs: hidden });
  const activated = exportedGelu(module.graph, widened);
  return exportedLinear(child(module, second), activated, { inputs: hidden, outputs: width });
}

/** Returns ReLU of x, or GELU in five operators. */
export function exportedActivation(graph: GraphBuilder, x: GraphValue, activation: "Relu" | "Gelu"): GraphValue {
  return activation === "Relu" ? graph.op("Relu", [x]) : exportedGelu(graph, x);
}

/** Normalises over the channels of [batch, channels, rows, columns], mean and variance spelled out. */
export function exportedLayerNorm2d(module: Module, x: GraphValue, channels: number): GraphValue {
  const { graph } = module;
  const mean = (values: GraphValue) => graph.op("ReduceMean", [values, graph.ints([1])], { keepdims: 1 });
  const centred = graph.op("Sub", [x, mean(x)]);
  const variance = mean(graph.op("Pow", [centred, graph.number(2)]));
  const deviation = graph.op("Sqrt", [add(graph, variance, graph.number(epsilons.imageChannels))]);
  const scaled = mul(graph, perChannel(module, "weight", channels), graph.op("Div", [centred, deviation]));
  return add(graph, scaled, perChannel(module, "bias", channels));
}

/** Normalises over everything of a prompt (one group): an instance norm, then a weight and a bias a channel. */
export function exportedGroupNorm(module: Module, x: GraphValue, channels: number): GraphValue {
  const { graph } = module;
  const [rows, columns] = x.dims.slice(2) as [number, number];
  const one = graph.constant("ones[1]", "float32", [1], () => Float32Array.of(1));
  const none = graph.constant("zeros[1]", "float32", [1], () => Float32Array.of(0));
  const flat = reshape(graph, x, ["prompts", 1, channels * rows * columns]);
  const whole = graph.op("InstanceNormalization", [flat, one, none], { epsilon: { float: epsilons.groupNorm } });
  const image = reshape(graph, whole, x.dims);
  const scaled = mul(graph, image, perChannel(module, "weight", channels));
  return add(graph, scaled, perChannel(module, "bias", channels));
}

/** Returns a norm's weight or bias as [channels, 1, 1]. */
function perChannel(module: Module, name: string, channels: number): GraphValue {
  const values = take(module, name, [channels]);
  return module.graph.derived({ name: values.name, dims: [channels, 1, 1], from: [values], compute: (all) => all! });
}
