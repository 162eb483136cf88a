import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import { child, concat, type Module, mul, reshape, softmax, split, transpose } from "../../harness/onnx/index.ts";
import { partition, unpartition } from "../sam/partition.ts";
import { exportedEncoder } from "../sam/reference.ts";
import { exportedLinear } from "../sam-decoder/exported.ts";
import { attentionOf, type BlockAttention, type LighteningConfig } from "./config.ts";

/**
 * Builds SAM-Lightening's image encoder as PyTorch would export it, written down plainly: windows padded and projected whole,
 * segments sliced at stride r, each offset's scores in memory, the results laid beside each other again. There is no published
 * code to follow operator for operator: what was released reads otherwise than the paper.
 */
export function referenceImageEncoder(config: LighteningConfig, checkpoint: Checkpoint): OnnxGraph {
  return exportedEncoder(config, checkpoint, (attn, normalised, index) =>
    referenceAttention(attn, normalised, attentionOf(config, index)),
  );
}

/** Attends within windows or over the grid: [1, grid, grid, width] → the same, output projection included. */
function referenceAttention(attn: Module, x: GraphValue, how: BlockAttention): GraphValue {
  const { graph } = attn;
  const { width, grid, window } = how;
  const sides = { grid, window: window ?? grid };
  const joint = exportedLinear(child(attn, "qkv"), partition(graph, x, sides), { inputs: width, outputs: 3 * width });
  const [query, key, value] = split(graph, joint, 2, [width, width, width]) as [GraphValue, GraphValue, GraphValue];
  const attended = sliceByOffset(attn, { query, key, value }, how);
  const projected = exportedLinear(child(attn, "proj"), attended, { inputs: width, outputs: width });
  return unpartition(graph, projected, sides);
}

/**
 * Turns queries, keys and values [sequences, tokens, width] into results of the same shape: one attention an offset, over the
 * segments as a batch.
 */
export function sliceByOffset(
  { graph }: Module,
  projected: { readonly query: GraphValue; readonly key: GraphValue; readonly value: GraphValue },
  { width, heads, segment, rate }: Omit<BlockAttention, "grid" | "window">,
): GraphValue {
  const { dims } = projected.query as { readonly dims: readonly number[] };
  const segments = (dims[0]! * dims[1]!) / segment;
  const length = segment / rate;
  const headWidth = width / heads;
  const attended = Array.from({ length: rate }, (_, offset) => {
    const taken = (x: GraphValue) => {
      const bySegment = reshape(graph, x, [segments, segment, width]);
      const bounds = [[offset], [segment], [1], [rate]].map((values) => graph.ints(values));
      const strided = graph.op("Slice", [bySegment, ...bounds]);
      return transpose(graph, reshape(graph, strided, [segments, length, heads, headWidth]), [0, 2, 1, 3]);
    };
    const products = graph.op("MatMul", [taken(projected.query), transpose(graph, taken(projected.key), [0, 1, 3, 2])]);
    const probabilities = softmax(graph, mul(graph, products, graph.number(1 / Math.sqrt(headWidth))));
    const result = transpose(graph, graph.op("MatMul", [probabilities, taken(projected.value)]), [0, 2, 1, 3]);
    return reshape(graph, result, [segments, length, 1, width]);
  });
  return reshape(graph, attended.length === 1 ? attended[0]! : concat(graph, attended, 2), dims);
}
