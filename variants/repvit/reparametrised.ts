import type { GraphValue, Weight } from "../../harness/api.ts";
import { child, type Module, take } from "../../harness/onnx/index.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import type { Branches } from "./config.ts";

/** Elements of a 3 x 3 kernel, and which of them is the middle. */
const area = 9;
const middle = 4;

/**
 * Convolves each channel of [1, width, rows, columns] by one 3 x 3 kernel, into which all branches and batch norms are folded
 * when the file is written: a 1 x 1 kernel and the input itself add to the middle of the 3 x 3 kernel.
 * Source: RepVGGDW.fuse of repvit_sam/modeling/repvit.py and edge_sam/modeling/rep_vit.py.
 */
export function reparametrisedConvolution(
  module: Module,
  x: GraphValue,
  { width, branches }: { readonly width: number; readonly branches: Branches },
): GraphValue {
  const { graph } = module;
  const by3 = take(child(module, "conv.c"), "weight", [width, 1, 3, 3]);
  const norms = branchNorms(module, width, branches);
  const pointwise = take(child(module, norms.pointwise), "weight", [width, 1, 1, 1]);
  const from = [by3, pointwise, ...norms.weights];
  const kernels = graph.derived({
    name: `${by3.name}+branches`,
    dims: [width, 1, 3, 3],
    from,
    compute: (kernels, points, ...statistics) => {
      const { first, second, sum } = norms.read(statistics);
      return kernels!.map((value, i) => {
        const channel = Math.floor(i / area);
        const others = i % area === middle ? points![channel]! * second.factor(channel) + 1 : 0;
        return (value * first.factor(channel) + others) * sum.factor(channel);
      });
    },
  });
  const bias = graph.derived({
    name: `${by3.name}+bias`,
    dims: [width],
    from,
    compute: (_kernels, _points, ...statistics) => {
      const { first, second, sum } = norms.read(statistics);
      return Float32Array.from({ length: width }, (_, channel) => {
        const inner = first.shift(channel) + second.shift(channel);
        return inner * sum.factor(channel) + sum.shift(channel);
      });
    },
  });
  return graph.op("Conv", [x, kernels, bias], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], group: width });
}

/** Holds what a branch or the sum is multiplied by, and what is added to it, for each channel. */
interface Affine {
  factor(channel: number): number;
  shift(channel: number): number;
}

interface BranchNorms {
  /** Name of the 1 x 1 convolution. */
  readonly pointwise: string;
  readonly weights: readonly Weight[];
  /** Returns the affine maps of the 3 x 3 branch, the 1 x 1 branch and the sum, from the values of `weights`. */
  read(values: readonly Float32Array[]): { readonly first: Affine; readonly second: Affine; readonly sum: Affine };
}

const unchanged: Affine = { factor: () => 1, shift: () => 0 };

function branchNorms(module: Module, width: number, branches: Branches): BranchNorms {
  const first = statisticsOf(child(module, "conv.bn"), width);
  const count = first.length;
  if (branches === "norm in each branch") {
    const second = statisticsOf(child(module, "conv1.bn"), width);
    return {
      pointwise: "conv1.c",
      weights: [...first, ...second],
      read: (values) => ({
        first: batchNorm(values.slice(0, count)),
        second: batchNorm(values.slice(count)),
        sum: unchanged,
      }),
    };
  }
  const bias = take(child(module, "conv1"), "bias", [width]);
  const outer = statisticsOf(child(module, "bn"), width);
  return {
    pointwise: "conv1",
    weights: [...first, ...outer, bias],
    read: (values) => {
      const biases = values.at(-1)!;
      return {
        first: batchNorm(values.slice(0, count)),
        second: { factor: () => 1, shift: (channel) => biases[channel]! },
        sum: batchNorm(values.slice(count, 2 * count)),
      };
    },
  };
}

function statisticsOf(norm: Module, width: number): readonly Weight[] {
  return ["weight", "bias", "running_mean", "running_var"].map((name) => take(norm, name, [width]));
}

/** Returns a batch norm of inference, from its weight, bias, mean and variance. */
function batchNorm([weight, bias, mean, variance]: readonly Float32Array[]): Affine {
  const factor = (channel: number) => weight![channel]! / Math.sqrt(variance![channel]! + epsilons.repVitBatchNorm);
  return { factor, shift: (channel) => bias![channel]! - mean![channel]! * factor(channel) };
}
