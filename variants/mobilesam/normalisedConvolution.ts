import type { GraphValue } from "../../harness/api.ts";
import { child, type Module, take } from "../../harness/onnx/index.ts";

/** Of batch norm. */
const epsilon = 1e-5;

interface Kernel {
  readonly inputs: number;
  readonly outputs: number;
  /** 1 if left out. */
  readonly kernel?: number;
  readonly stride?: number;
  readonly groups?: number;
}

/** A convolution `c` without bias and the batch norm `bn` after it, as one kernel and one bias. */
interface Folded {
  readonly kernels: GraphValue;
  readonly bias: GraphValue;
}

/**
 * Inference's batch norm is one factor and one sum a channel, so it is folded into the convolution before it when the file
 * is written. Source: Conv2d_BN of mobile_sam/modeling/tiny_vit_sam.py.
 */
function fold(module: Module, dims: readonly number[], stored: readonly number[] = dims): Folded {
  const outputs = dims[0]!;
  const convolution = take(child(module, "c"), "weight", dims);
  const [weight, bias, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((name) =>
    take(child(module, "bn"), name, [outputs]),
  ) as [Taken, Taken, Taken, Taken];
  const { graph } = module;
  const kernels = graph.derived({
    name: `${convolution.name}*bn`,
    dims: stored,
    from: [convolution, weight, variance],
    compute: (values, factors, variances) => {
      const area = values!.length / outputs;
      return values!.map((value, i) => {
        const channel = Math.floor(i / area);
        return (value * factors![channel]!) / Math.sqrt(variances![channel]! + epsilon);
      });
    },
  });
  const shift = graph.derived({
    name: `${bias.name}-mean`,
    dims: [outputs],
    from: [bias, weight, mean, variance],
    compute: (offsets, factors, means, variances) =>
      offsets!.map((offset, i) => offset - (means![i]! * factors![i]!) / Math.sqrt(variances![i]! + epsilon)),
  });
  return { kernels, bias: shift };
}

type Taken = ReturnType<typeof take>;

/** On [1, channels, rows, columns], padded so that stride 1 keeps rows and columns. */
export function normalisedConvolution(module: Module, x: GraphValue, how: Kernel): GraphValue {
  const { inputs, outputs, kernel = 1, stride = 1, groups = 1 } = how;
  const { kernels, bias } = fold(module, [outputs, inputs / groups, kernel, kernel]);
  const padding = (kernel - 1) / 2;
  return module.graph.op("Conv", [x, kernels, bias], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
    ...(groups === 1 ? {} : { group: groups }),
  });
}

/** A 1 x 1 convolution as a matrix over tokens whose channels come last: [outputs, inputs], and its bias. */
export function normalisedMatrix(
  module: Module,
  { inputs, outputs }: { readonly inputs: number; readonly outputs: number },
): { readonly matrix: GraphValue; readonly bias: GraphValue } {
  const { kernels, bias } = fold(module, [outputs, inputs, 1, 1], [outputs, inputs]);
  return { matrix: kernels, bias };
}
