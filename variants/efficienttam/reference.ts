import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import {
  add,
  child,
  conv2d,
  GraphBuilder,
  layerNorm,
  type Module,
  mul,
  reshape,
  slice,
  softmax,
  split,
  transpose,
  weight,
} from "../../harness/onnx/index.ts";
import { exportedBicubic } from "../bicubic/exported.ts";
import { partition, unpartition } from "../sam/partition.ts";
import { referenceNeck } from "../sam/reference.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { exportedLinear, exportedMlp } from "../sam-decoder/exported.ts";
import type { EncoderOutputs } from "../sam2-neck/outputs.ts";
import { type EfficientTamConfig, neckLayers, trainedGrid } from "./config.ts";

/**
 * Builds EfficientTAM's image encoder operator for operator as PyTorch exports the published code: windows padded and projected
 * whole, attention scores in memory, positions interpolated. Outputs are those of `imageEncoder`.
 * Source: modeling/backbones/vitdet.py and image_encoder.py of yformer/EfficientTAM.
 */
export function referenceImageEncoder(
  config: EfficientTamConfig,
  checkpoint: Checkpoint,
  outputs: EncoderOutputs,
): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const root: Module = { graph, checkpoint, path: "" };
  const trunk = child(root, "image_encoder.trunk");
  const { side, patch, width, depth, decoder } = config;
  const image = graph.input("image", [1, 3, side, side]);
  const how = { inputs: 3, outputs: width, kernel: patch, stride: patch, bias: "with bias" } as const;
  const patches = transpose(graph, conv2d(child(trunk, "patch_embed.proj"), image, how), [0, 2, 3, 1]);
  let x = add(graph, patches, referencePositions(trunk, config));
  for (let i = 0; i < depth; i++) {
    const block = child(trunk, `blocks.${i}`);
    x = graph.within(block.path, () => referenceBlock(block, x, config, i));
  }
  const sizes = { width, decoder, layers: neckLayers };
  const embedding = referenceNeck(child(root, "image_encoder.neck.convs.0"), x, sizes);
  const { embedding: channels } = decoder;
  const noMemory = reshape(graph, weight(root, "no_mem_embed", [1, 1, channels]), [1, channels, 1, 1]);
  graph.output("image_embedding", add(graph, embedding, noMemory));
  if (outputs === "embeddings and stages") graph.output("trunk_stages.0", transpose(graph, x, [0, 3, 1, 2]));
  return graph.finish();
}

/** Returns [1, grid, grid, width], from parameters alone: the runtime computes it once, when it opens the graph. */
function referencePositions(trunk: Module, { side, patch, width }: EfficientTamConfig): GraphValue {
  const { graph } = trunk;
  const grid = side / patch;
  const rows = 1 + trainedGrid ** 2;
  // The first row is the class token's.
  const own = slice(graph, weight(trunk, "pos_embed", [1, rows, width]), 1, 1, rows);
  const square = transpose(graph, reshape(graph, own, [1, trainedGrid, trainedGrid, width]), [0, 3, 1, 2]);
  return transpose(graph, exportedBicubic(graph, square, [grid, grid]), [0, 2, 3, 1]);
}

/** Adds the block of this index: [1, grid, grid, width] → the same. */
function referenceBlock(block: Module, x: GraphValue, config: EfficientTamConfig, index: number): GraphValue {
  const { graph } = block;
  const { width, side, patch, window, globalBlocks } = config;
  const attn = child(block, "attn");
  const normalised = layerNorm(child(block, "norm1"), x, { width, epsilon: epsilons.vit });
  const sides = { grid: side / patch, window };
  const attended = globalBlocks.includes(index)
    ? referenceAttention(attn, normalised, config)
    : unpartition(
        graph,
        referenceAttention(attn, partition(graph, normalised, sides, [window, window]), config),
        sides,
      );
  const middle = add(graph, x, attended);
  const mlpInput = layerNorm(child(block, "norm2"), middle, { width, epsilon: epsilons.vit });
  const branch = exportedMlp(child(block, "mlp"), mlpInput, { width, layers: ["layers.0", "layers.1"] });
  return add(graph, middle, branch);
}

/** Attends within each square of the batch: [batch, side, side, width] → the same. */
function referenceAttention(attn: Module, x: GraphValue, { width, heads }: EfficientTamConfig): GraphValue {
  const { graph } = attn;
  const [batch, side] = x.dims as [number, number];
  const headWidth = width / heads;
  const area = side * side;
  const joint = exportedLinear(child(attn, "qkv"), x, { inputs: width, outputs: 3 * width });
  const byHead = transpose(graph, reshape(graph, joint, [batch, area, 3, heads, headWidth]), [2, 0, 3, 1, 4]);
  const parts = split(graph, reshape(graph, byHead, [3, batch * heads, area, headWidth]), 0, [1, 1, 1]);
  const [query, key, value] = parts.map((part) =>
    reshape(graph, graph.op("Squeeze", [part, graph.ints([0])]), [batch, heads, area, headWidth]),
  ) as [GraphValue, GraphValue, GraphValue];
  // The exporter gives each side the root of the scale.
  const root = graph.number(Math.sqrt(1 / Math.sqrt(headWidth)));
  const scaledKey = mul(graph, transpose(graph, key, [0, 1, 3, 2]), root);
  const probabilities = softmax(graph, graph.op("MatMul", [mul(graph, query, root), scaledKey]));
  const attended = graph.op("MatMul", [probabilities, value]);
  const square = reshape(graph, attended, [batch, heads, side, side, headWidth]);
  const merged = reshape(graph, transpose(graph, square, [0, 2, 3, 1, 4]), [batch, side, side, width]);
  return exportedLinear(child(attn, "proj"), merged, { inputs: width, outputs: width });
}
