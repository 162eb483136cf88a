import type { GraphValue } from "../../harness/api.ts";
import { child, conv2d, type GraphBuilder, type Module, mul, weight } from "../../harness/onnx/index.ts";
import { foldedBatchNorm } from "../mobilesam/foldedBatchNorm.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";

interface Kernel {
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
  const names = ["weight", "bias", "running_mean", "running_var"];
  const statistics = names.map((name) => weight(child(module, "bn"), name, [outputs]));
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
  const { kernels, bias } = foldedBatchNorm(child(module, "conv"), child(module, "bn"), {
    dims: [outputs, inputs, kernel, kernel],
    epsilon: epsilons.yoloBatchNorm,
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
