import type { GraphValue } from "../../harness/api.ts";
import { add, child, conv2d, type GraphBuilder, gelu, type Module, weight } from "../../harness/onnx/index.ts";
import { normalisedConvolution } from "../mobilesam/normalisedConvolution.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { exportedGelu } from "../sam-decoder/exported.ts";
import type { Branches } from "./config.ts";
import { reparametrisedConvolution } from "./reparametrised.ts";

/** Layers in which the measured and the published graph of a RepViT differ, so that there is one description of the network. */
export interface RepVitLayers {
  /** Mixes the places of each channel by the sum of branches. */
  mix(module: Module, x: GraphValue, how: { readonly width: number; readonly branches: Branches }): GraphValue;
  /** Returns each channel's mean over all places, [1, channels, 1, 1]. */
  mean(graph: GraphBuilder, x: GraphValue): GraphValue;
  gelu(graph: GraphBuilder, x: GraphValue): GraphValue;
}

/** Layers as they are measured. */
export const fusedLayers: RepVitLayers = {
  mix: reparametrisedConvolution,
  mean: meanOfTiles,
  gelu,
};

/** Largest side of a tile, in places. */
const largestTile = 16;

/**
 * Returns the mean over tiles of their means. The runtime pools blocks of channels without taking them apart, which ReduceMean
 * makes it do. Its sum over all places of a map at once would lose digits.
 */
function meanOfTiles(graph: GraphBuilder, x: GraphValue): GraphValue {
  const [rows, columns] = x.dims.slice(2) as [number, number];
  const tile = [tileSide(rows), tileSide(columns)];
  return graph.op("GlobalAveragePool", [graph.op("AveragePool", [x], { kernel_shape: tile, strides: tile })]);
}

/** Returns the largest power of two that divides a side without a rest, up to the largest tile. */
function tileSide(side: number): number {
  let tile = largestTile;
  while (side % tile !== 0) tile /= 2;
  return tile;
}

/** Layers as PyTorch exports the published code, which folds a batch norm into the convolution before it and not into a sum. */
export const referenceLayers: RepVitLayers = {
  mix(module, x, { width, branches }) {
    const { graph } = module;
    const norm = { inputs: width, outputs: width, groups: width, epsilon: epsilons.repVitBatchNorm };
    const by3 = normalisedConvolution(child(module, "conv"), x, { ...norm, kernel: 3 });
    if (branches === "norm in each branch") {
      const pointwise = normalisedConvolution(child(module, "conv1"), x, norm);
      return add(graph, add(graph, by3, pointwise), x);
    }
    const depthwise = { inputs: width, outputs: width, kernel: 1, groups: width, bias: "with bias" } as const;
    const sum = add(graph, add(graph, by3, conv2d(child(module, "conv1"), x, depthwise)), x);
    const statistics = ["weight", "bias", "running_mean", "running_var"].map((name) =>
      weight(child(module, "bn"), name, [width]),
    );
    return graph.op("BatchNormalization", [sum, ...statistics], { epsilon: { float: epsilons.repVitBatchNorm } });
  },
  mean: (graph, x) => graph.op("ReduceMean", [x, graph.ints([2, 3])], { keepdims: 1 }),
  gelu: exportedGelu,
};
