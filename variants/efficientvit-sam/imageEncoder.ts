import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import {
  add,
  concat,
  type GraphBuilder,
  layerNorm,
  type Module,
  reshape,
  split,
  tanhGelu,
  transpose,
} from "../../harness/onnx/index.ts";
import { bicubicMatrix } from "../bicubic/matrix.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import type { EfficientVitSamConfig } from "./config.ts";
import { headWidth, network } from "./network.ts";

/**
 * Builds EfficientViT-SAM's image encoder as it is measured: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid,
 * grid]. Convolutions, GELUs and residual sums stay in the runtime's blocks of channels; ./reference.ts has the published
 * operators.
 */
export function imageEncoder(config: EfficientVitSamConfig, checkpoint: Checkpoint): OnnxGraph {
  return network(config, checkpoint, { gelu: tanhGelu, attend, sumOnGrid, normalise });
}

/**
 * Sums values over keys first, headWidth² numbers a head, and weights the sums by the queries: for N places that costs 2 N
 * headWidth² products a head, and scores of all pairs would cost 2 N² headWidth. The sum of the weights, which divides, comes
 * from the sum of the keys; the published code appends a row of ones to a copy of the values instead.
 */
function attend(graph: GraphBuilder, joint: GraphValue): GraphValue {
  const [, channels, rows, columns] = joint.dims as [number, number, number, number];
  const heads = channels / (3 * headWidth);
  const byHead = reshape(graph, joint, [heads, 3 * headWidth, rows * columns]);
  const [queries, keys, value] = split(graph, byHead, 1, [headWidth, headWidth, headWidth]) as [
    GraphValue,
    GraphValue,
    GraphValue,
  ];
  const query = graph.op("Relu", [queries]);
  const key = graph.op("Relu", [keys]);
  const sums = graph.op("FusedMatMul", [value, key], { transB: 1 });
  const keySums = graph.op("ReduceSum", [key, graph.ints([2])], { keepdims: 1 });
  const weights = graph.op("FusedMatMul", [keySums, query], { transA: 1 });
  const divisor = add(graph, weights, graph.number(epsilons.linearAttention));
  const attended = graph.op("Div", [graph.op("MatMul", [sums, query]), divisor]);
  return reshape(graph, attended, [1, heads * headWidth, rows, columns]);
}

/**
 * Interpolates by matrices, along rows and then along columns, which takes the runtime a fraction of the time of its cubic
 * Resize. The coarser maps lie below each other for the second product, so that it sums them too.
 */
function sumOnGrid(graph: GraphBuilder, maps: readonly GraphValue[]): GraphValue {
  const finest = maps.at(-1)!;
  const coarser = maps.slice(0, -1);
  const [, channels, grid] = finest.dims as [number, number, number, number];
  const widened = coarser.map((map) => {
    const [, , side] = map.dims as [number, number, number, number];
    const rows = reshape(graph, map, [channels * side, side]);
    const product = graph.op("FusedMatMul", [rows, bicubicMatrix(graph, [side], grid)], { transB: 1 });
    return reshape(graph, product, [channels, side, grid]);
  });
  const sides = coarser.map(({ dims }) => dims[2] as number);
  const sum = graph.op("MatMul", [bicubicMatrix(graph, sides, grid), concat(graph, widened, 1)]);
  return add(graph, finest, reshape(graph, sum, [1, channels, grid, grid]));
}

function normalise(module: Module, x: GraphValue, width: number): GraphValue {
  const { graph } = module;
  const how = { width, epsilon: epsilons.efficientVit };
  return transpose(graph, layerNorm(module, transpose(graph, x, [0, 2, 3, 1]), how), [0, 3, 1, 2]);
}
