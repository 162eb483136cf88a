import type { GraphValue } from "../../harness/api.ts";
import { child, type Module, take } from "../../harness/onnx/index.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";

interface Kernel {
  readonly inputs: number;
  readonly outputs: number;
  /** Side of the kernel; 1 if left out. */
  readonly kernel?: number;
  readonly stride?: number;
  readonly groups?: number;
}

/**
 * Adds a convolution `c` and the batch norm `bn` after it, on [1, channels, rows, columns], padded so that stride 1 keeps rows
 * and columns. Inference's batch norm is one factor and one sum a channel, so it is folded into kernel and bias when the file
 * is written. Source: Conv2d_BN of mobile_sam/modeling/tiny_vit_sam.py.
 */
export function normalisedConvolution(module: Module, x: GraphValue, how: Kernel): GraphValue {
  const { inputs, outputs, kernel = 1, stride = 1, groups = 1 } = how;
  const padding = (kernel - 1) / 2;
  const { kernels, bias } = fold(module, [outputs, inputs / groups, kernel, kernel]);
  return module.graph.op("Conv", [x, kernels, bias], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
    group: groups === 1 ? undefined : groups,
  });
}

/** (c x - mean) weight / sqrt(variance + epsilon) + bias, as another kernel and a bias. */
function fold(module: Module, dims: readonly number[]): { readonly kernels: GraphValue; readonly bias: GraphValue } {
  const { graph } = module;
  const outputs = dims[0]!;
  const convolution = take(child(module, "c"), "weight", dims);
  const norm = (name: string) => take(child(module, "bn"), name, [outputs]);
  const weight = norm("weight");
  const bias = norm("bias");
  const mean = norm("running_mean");
  const variance = norm("running_var");
  const kernels = graph.derived({
    name: `${convolution.name}*bn`,
    dims,
    from: [convolution, weight, variance],
    compute: (values, weights, variances) => {
      const area = values!.length / outputs;
      return values!.map((value, i) => {
        const channel = Math.floor(i / area);
        return (value * weights![channel]!) / Math.sqrt(variances![channel]! + epsilons.tinyVitBatchNorm);
      });
    },
  });
  const shift = graph.derived({
    name: `${bias.name}-mean`,
    dims: [outputs],
    from: [bias, weight, mean, variance],
    compute: (biases, weights, means, variances) =>
      biases!.map(
        (value, i) => value - (means![i]! * weights![i]!) / Math.sqrt(variances![i]! + epsilons.tinyVitBatchNorm),
      ),
  });
  return { kernels, bias: shift };
}
