import type { GraphValue } from "../../harness/api.ts";
import { type Module, take } from "../../harness/onnx/index.ts";

interface Folded {
  readonly kernels: GraphValue;
  readonly bias: GraphValue;
}

/**
 * Folds the batch norm behind a convolution into kernels [outputs, inputs, rows, columns] and a bias, when the file is written:
 * (c x - mean) weight / sqrt(variance + epsilon) + bias is one factor and one sum a channel.
 */
export function foldedBatchNorm(
  convolution: Module,
  norm: Module,
  { dims, epsilon }: { readonly dims: readonly [number, ...number[]]; readonly epsilon: number },
): Folded {
  const { graph } = convolution;
  const [outputs] = dims;
  const kernels = take(convolution, "weight", dims);
  const weight = take(norm, "weight", [outputs]);
  const bias = take(norm, "bias", [outputs]);
  const mean = take(norm, "running_mean", [outputs]);
  const variance = take(norm, "running_var", [outputs]);
  return {
    kernels: graph.derived({
      name: `${kernels.name}*bn`,
      dims,
      from: [kernels, weight, variance],
      compute: (values, weights, variances) => {
        const area = values!.length / outputs;
        return values!.map((value, i) => {
          const channel = Math.floor(i / area);
          return (value * weights![channel]!) / Math.sqrt(variances![channel]! + epsilon);
        });
      },
    }),
    bias: graph.derived({
      name: `${bias.name}-mean`,
      dims: [outputs],
      from: [bias, weight, mean, variance],
      compute: (biases, weights, means, variances) =>
        biases!.map((value, i) => value - (means![i]! * weights![i]!) / Math.sqrt(variances![i]! + epsilon)),
    }),
  };
}
