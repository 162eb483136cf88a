import type { GraphValue, Weight } from "../../harness/api.ts";
import { child, conv2d, type GraphBuilder, type Module, mul, take } from "../../harness/onnx/index.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";

export interface Kernel {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: 1 | 3;
  readonly stride?: 1 | 2;
}

/**
 * A convolution, batch norm and SiLU on [1, channels, rows, columns]; the checkpoint calls them `conv` and `bn`. The measured
 * and the published graph differ in this alone, so that there is one description of the network.
 */
export type Convolution = (module: Module, x: GraphValue, how: Kernel) => GraphValue;

/** Does as the published code: batch norm is an operator of its own. */
export const referenceConvolution: Convolution = (module, x, how) => {
  const { graph } = module;
  const { outputs, kernel, stride = 1 } = how;
  const padding = (kernel - 1) / 2;
  const convolved = conv2d(child(module, "conv"), x, { ...how, stride, padding, bias: "without bias" });
  const statistics = normalisation(module, outputs).map((weight) => graph.weight(weight));
  return silu(
    graph,
    graph.op("BatchNormalization", [convolved, ...statistics], { epsilon: { float: epsilons.yoloBatchNorm } }),
  );
};

/**
 * Does as it is measured: inference's batch norm is one factor and one sum a channel, and is folded in when the file is
 * written.
 */
export const fusedConvolution: Convolution = (module, x, { inputs, outputs, kernel, stride = 1 }) => {
  const { graph } = module;
  const dims = [outputs, inputs, kernel, kernel];
  const weight = take(child(module, "conv"), "weight", dims);
  const [factor, offset, mean, variance] = normalisation(module, outputs);
  const area = inputs * kernel * kernel;
  const kernels = graph.derived({
    name: `${weight.name}*bn`,
    dims,
    from: [weight, factor, variance],
    compute: (values, factors, variances) =>
      values!.map((value, i) => {
        const channel = Math.floor(i / area);
        return (value * factors![channel]!) / Math.sqrt(variances![channel]! + epsilons.yoloBatchNorm);
      }),
  });
  const bias = graph.derived({
    name: `${offset.name}-mean`,
    dims: [outputs],
    from: [offset, factor, mean, variance],
    compute: (offsets, factors, means, variances) =>
      offsets!.map(
        (value, i) => value - (means![i]! * factors![i]!) / Math.sqrt(variances![i]! + epsilons.yoloBatchNorm),
      ),
  });
  const padding = (kernel - 1) / 2;
  const attributes = {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
  };
  return silu(graph, graph.op("Conv", [x, kernels, bias], attributes));
};

/** Returns x sigmoid(x). */
function silu(graph: GraphBuilder, x: GraphValue): GraphValue {
  return mul(graph, x, graph.op("Sigmoid", [x]));
}

function normalisation(module: Module, channels: number): readonly [Weight, Weight, Weight, Weight] {
  const names = ["weight", "bias", "running_mean", "running_var"] as const;
  return names.map((name) => take(child(module, "bn"), name, [channels])) as [Weight, Weight, Weight, Weight];
}
