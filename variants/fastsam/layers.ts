import type { GraphValue, Weight } from "../../harness/api.ts";
import { child, conv2d, type GraphBuilder, type Module, mul, split, take } from "../../harness/onnx/index.ts";

/** Of batch norm: ultralytics sets it, PyTorch's own is 1e-5. */
const epsilon = 1e-3;

export interface Kernel {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: 1 | 3;
  readonly stride?: 1 | 2;
}

/**
 * What the measured and the published graph do differently, so that there is one description of the network.
 * Both on [1, channels, rows, columns]; `conv` and `bn` in the checkpoint.
 */
export interface Layers {
  /** Convolution, batch norm, SiLU. */
  convolution(module: Module, x: GraphValue, how: Kernel): GraphValue;
  /** The same, and the result's channels as two halves. */
  halves(module: Module, x: GraphValue, how: Kernel): readonly [GraphValue, GraphValue];
}

/** As the published code: batch norm is an operator of its own, and halves are cut from one result. */
export const referenceLayers: Layers = {
  convolution(module, x, how) {
    const { graph } = module;
    const { outputs, kernel, stride = 1 } = how;
    const padding = (kernel - 1) / 2;
    const convolved = conv2d(child(module, "conv"), x, { ...how, stride, padding, bias: "without bias" });
    const statistics = normalisation(module, outputs).map((weight) => graph.weight(weight));
    return silu(graph, graph.op("BatchNormalization", [convolved, ...statistics], { epsilon: { float: epsilon } }));
  },
  halves(module, x, how) {
    const whole = this.convolution(module, x, how);
    return split(module.graph, whole, 1, [how.outputs / 2, how.outputs / 2]) as [GraphValue, GraphValue];
  },
};

/**
 * As it is measured: batch norm folded into the convolution, and one convolution a half, since cutting a result costs two
 * copies of it.
 */
export const fusedLayers: Layers = {
  convolution: (module, x, how) => folded(module, x, how, { start: 0, end: how.outputs }),
  halves(module, x, how) {
    const middle = how.outputs / 2;
    return [
      folded(module, x, how, { start: 0, end: middle }),
      folded(module, x, how, { start: middle, end: how.outputs }),
    ];
  },
};

export function silu(graph: GraphBuilder, x: GraphValue): GraphValue {
  return mul(graph, x, graph.op("Sigmoid", [x]));
}

/** Output channels from `start` on and before `end`. */
interface Channels {
  readonly start: number;
  readonly end: number;
}

/** Inference's batch norm is one factor and one sum a channel. */
function folded(module: Module, x: GraphValue, how: Kernel, { start, end }: Channels): GraphValue {
  const { graph } = module;
  const { inputs, outputs, kernel, stride = 1 } = how;
  const weight = take(child(module, "conv"), "weight", [outputs, inputs, kernel, kernel]);
  const [factor, offset, mean, variance] = normalisation(module, outputs);
  const area = inputs * kernel * kernel;
  const part = end - start === outputs ? "" : `[${start}:${end}]`;
  const kernels = graph.derived({
    name: `${weight.name}*bn${part}`,
    dims: [end - start, inputs, kernel, kernel],
    from: [weight, factor, variance],
    compute: (values, factors, variances) =>
      values!.slice(start * area, end * area).map((value, i) => {
        const channel = start + Math.floor(i / area);
        return (value * factors![channel]!) / Math.sqrt(variances![channel]! + epsilon);
      }),
  });
  const bias = graph.derived({
    name: `${offset.name}-mean${part}`,
    dims: [end - start],
    from: [offset, factor, mean, variance],
    compute: (offsets, factors, means, variances) =>
      offsets!
        .map((value, i) => value - (means![i]! * factors![i]!) / Math.sqrt(variances![i]! + epsilon))
        .slice(start, end),
  });
  const padding = (kernel - 1) / 2;
  const attributes = {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
  };
  return silu(graph, graph.op("Conv", [x, kernels, bias], attributes));
}

function normalisation(module: Module, channels: number): readonly [Weight, Weight, Weight, Weight] {
  const names = ["weight", "bias", "running_mean", "running_var"] as const;
  return names.map((name) => take(child(module, "bn"), name, [channels])) as [Weight, Weight, Weight, Weight];
}
