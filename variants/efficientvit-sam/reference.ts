import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import { add, type GraphBuilder, reshape, slice, transpose } from "../../harness/onnx/index.ts";
import { exportedBicubic } from "../bicubic/exported.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { exportedLayerNorm2d, exportedTanhGelu } from "../sam-decoder/exported.ts";
import type { EfficientVitSamConfig } from "./config.ts";
import { headWidth, network } from "./network.ts";

/**
 * Builds EfficientViT-SAM's image encoder operator for operator as PyTorch exports the published code in inference mode, where
 * the exporter folds batch norms into convolutions: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid, grid].
 */
export function referenceImageEncoder(config: EfficientVitSamConfig, checkpoint: Checkpoint): OnnxGraph {
  return network(config, checkpoint, {
    gelu: exportedTanhGelu,
    attend,
    sumOnGrid,
    normalise: exportedLayerNorm2d,
  });
}

/** Appends a row of ones to the values, whose sum of weights divides the others. Source: LiteMLA.relu_linear_att of nn/ops.py. */
function attend(graph: GraphBuilder, joint: GraphValue): GraphValue {
  const [, channels, rows, columns] = joint.dims as [number, number, number, number];
  const heads = channels / (3 * headWidth);
  const byHead = reshape(graph, joint, [1, heads, 3 * headWidth, rows * columns]);
  const part = (index: number) => slice(graph, byHead, 2, index * headWidth, (index + 1) * headWidth);
  const query = graph.op("Relu", [part(0)]);
  const key = graph.op("Relu", [part(1)]);
  const below = graph.ints([0, 0, 0, 0, 0, 0, 1, 0]);
  const value = graph.op("Pad", [part(2), below, graph.number(1)], { mode: "constant" });
  const summary = graph.op("MatMul", [value, transpose(graph, key, [0, 1, 3, 2])]);
  const sums = graph.op("MatMul", [summary, query]);
  const weights = slice(graph, sums, 2, headWidth, headWidth + 1);
  const divisor = add(graph, weights, graph.number(epsilons.linearAttention));
  const attended = graph.op("Div", [slice(graph, sums, 2, 0, headWidth), divisor]);
  return reshape(graph, attended, [1, heads * headWidth, rows, columns]);
}

function sumOnGrid(graph: GraphBuilder, maps: readonly GraphValue[]): GraphValue {
  const [, , grid] = maps.at(-1)!.dims as [number, number, number, number];
  return maps
    .map((map) => (map.dims[2] === grid ? map : exportedBicubic(graph, map, [grid, grid])))
    .reduce((sum, map) => add(graph, sum, map));
}
