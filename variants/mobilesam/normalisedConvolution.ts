import type { GraphValue } from "../../harness/api.ts";
import { child, type Module } from "../../harness/onnx/index.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { foldedBatchNorm } from "./foldedBatchNorm.ts";

interface Kernel {
  readonly inputs: number;
  readonly outputs: number;
  /** Side of the kernel; 1 if left out. */
  readonly kernel?: number;
  readonly stride?: number;
  readonly groups?: number;
  /** The number that the norm adds to the variance; it is TinyViT's if left out. */
  readonly epsilon?: number;
}

/**
 * Adds a convolution `c` and the batch norm `bn` after it, on [1, channels, rows, columns], padded so that stride 1 keeps rows
 * and columns. The norm is folded into the convolution when the file is written.
 * Source: Conv2d_BN of mobile_sam/modeling/tiny_vit_sam.py.
 */
export function normalisedConvolution(module: Module, x: GraphValue, how: Kernel): GraphValue {
  const { inputs, outputs, kernel = 1, stride = 1, groups = 1, epsilon = epsilons.tinyVitBatchNorm } = how;
  const padding = (kernel - 1) / 2;
  const { kernels, bias } = foldedBatchNorm(child(module, "c"), child(module, "bn"), {
    dims: [outputs, inputs / groups, kernel, kernel],
    epsilon,
  });
  return module.graph.op("Conv", [x, kernels, bias], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
    group: groups === 1 ? undefined : groups,
  });
}
