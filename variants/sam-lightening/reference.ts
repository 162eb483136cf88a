import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import {
  add,
  child,
  concat,
  conv2d,
  GraphBuilder,
  layerNorm,
  type Module,
  mul,
  reshape,
  softmax,
  split,
  transpose,
  weight,
} from "../../harness/onnx/index.ts";
import { partition, unpartition } from "../sam/partition.ts";
import { referenceNeck } from "../sam/reference.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { exportedLinear, exportedMlp } from "../sam-decoder/exported.ts";
import { attentionOf, type BlockAttention, type LighteningConfig } from "./config.ts";

/**
 * Builds SAM-Lightening's image encoder as PyTorch would export it, written down plainly: windows padded and projected whole,
 * segments sliced at stride r, each offset's scores in memory, the results laid beside each other again. There is no published
 * code to follow operator for operator: what was released reads otherwise than the paper.
 */
export function referenceImageEncoder(config: LighteningConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const { side, patch, width, depth } = config;
  const grid = side / patch;
  const image = graph.input("image", [1, 3, side, side]);
  const convolution = { inputs: 3, outputs: width, kernel: patch, stride: patch, bias: "with bias" } as const;
  const patches = transpose(graph, conv2d(child(encoder, "patch_embed.proj"), image, convolution), [0, 2, 3, 1]);
  let x = add(graph, patches, weight(encoder, "pos_embed", [1, grid, grid, width]));
  for (let index = 0; index < depth; index++) {
    const block = child(encoder, `blocks.${index}`);
    x = graph.within(block.path, () => referenceBlock(block, x, attentionOf(config, index)));
  }
  graph.output("image_embedding", referenceNeck(child(encoder, "neck"), x, config));
  return graph.finish();
}

function referenceBlock(block: Module, x: GraphValue, how: BlockAttention): GraphValue {
  const { graph } = block;
  const { width } = how;
  const normalised = layerNorm(child(block, "norm1"), x, { width, epsilon: epsilons.vit });
  const middle = add(graph, x, referenceAttention(child(block, "attn"), normalised, how));
  const mlp = child(block, "mlp");
  const mlpInput = layerNorm(child(block, "norm2"), middle, { width, epsilon: epsilons.vit });
  return add(graph, middle, exportedMlp(mlp, mlpInput, { width, layers: ["lin1", "lin2"] }));
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
    const probabilities = softmax(graph, mul(graph, products, graph.number(headWidth ** -0.5)));
    const result = transpose(graph, graph.op("MatMul", [probabilities, taken(projected.value)]), [0, 2, 1, 3]);
    return reshape(graph, result, [segments, length, 1, width]);
  });
  return reshape(graph, attended.length === 1 ? attended[0]! : concat(graph, attended, 2), dims);
}
