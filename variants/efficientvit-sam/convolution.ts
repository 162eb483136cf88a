import type { GraphValue } from "../../harness/api.ts";
import { child, type Module, weight } from "../../harness/onnx/index.ts";
import { foldedBatchNorm } from "../mobilesam/foldedBatchNorm.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";

interface Kernel {
  readonly inputs: number;
  readonly outputs: number;
  /** Side of the kernel; 1 if left out. */
  readonly kernel?: number;
  readonly stride?: number;
  readonly groups?: number;
  /** Says what the layer has behind its products: a batch norm if left out. */
  readonly end?: "batch norm" | "bias" | "nothing";
}

/**
 * Adds a layer `conv`, with the batch norm `norm` after it or a bias of its own, on [1, channels, rows, columns], padded so that
 * stride 1 keeps rows and columns. A batch norm is folded into the convolution when the file is written.
 * Source: ConvLayer of efficientvit/models/nn/ops.py.
 */
export function convolution(module: Module, x: GraphValue, how: Kernel): GraphValue {
  const { outputs, inputs, kernel = 1, groups = 1, end = "batch norm" } = how;
  const conv = child(module, "conv");
  const dims = [outputs, inputs / groups, kernel, kernel] as const;
  if (end === "batch norm") {
    const epsilon = epsilons.efficientVit;
    const { kernels, bias } = foldedBatchNorm(conv, child(module, "norm"), { dims, epsilon });
    return convolve(module, [x, kernels, bias], how);
  }
  const kernels = weight(conv, "weight", dims);
  return convolve(module, end === "bias" ? [x, kernels, weight(conv, "bias", [outputs])] : [x, kernels], how);
}

/** Adds the products alone, of a layer whose kernels are the module's own `weight`. */
export function bareConvolution(module: Module, x: GraphValue, how: Omit<Kernel, "end">): GraphValue {
  const { inputs, outputs, kernel = 1, groups = 1 } = how;
  return convolve(module, [x, weight(module, "weight", [outputs, inputs / groups, kernel, kernel])], how);
}

function convolve(
  { graph }: Module,
  inputs: readonly GraphValue[],
  { kernel = 1, stride = 1, groups = 1 }: Kernel,
): GraphValue {
  const padding = (kernel - 1) / 2;
  return graph.op("Conv", inputs, {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
    group: groups === 1 ? undefined : groups,
  });
}
