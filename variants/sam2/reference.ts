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
  softmax,
  split,
  transpose,
  weight,
} from "../../harness/onnx/index.ts";
import { exportedBicubic } from "../bicubic/exported.ts";
import { partition, unpartition } from "../sam/partition.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { exportedLinear, exportedMlp } from "../sam-decoder/exported.ts";
import type { EncoderOutputs } from "../sam2-neck/outputs.ts";
import { referenceNeck } from "../sam2-neck/reference.ts";
import { blocksOf, gridOf, type HieraBlock, patchStride } from "./blocks.ts";
import type { Sam2Config } from "./config.ts";

/**
 * Builds SAM 2's image encoder operator for operator as PyTorch exports the published code: windows padded and projected whole,
 * attention scores in memory, positions interpolated and tiled. Outputs are those of `imageEncoder`.
 * Source: sam2/modeling/backbones/hieradet.py.
 */
export function referenceImageEncoder(config: Sam2Config, checkpoint: Checkpoint, outputs: EncoderOutputs): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const root: Module = { graph, checkpoint, path: "" };
  const trunk = child(root, "image_encoder.trunk");
  const image = graph.input("image", [1, 3, config.side, config.side]);
  const how = {
    inputs: 3,
    outputs: config.width,
    kernel: 7,
    stride: patchStride,
    padding: 3,
    bias: "with bias",
  } as const;
  const patches = transpose(graph, conv2d(child(trunk, "patch_embed.proj"), image, how), [0, 2, 3, 1]);
  let x = add(graph, patches, referencePositions(trunk, config));
  const stages: GraphValue[] = [];
  for (const block of blocksOf(config)) {
    const module = child(trunk, `blocks.${block.index}`);
    x = graph.within(module.path, () => referenceBlock(module, x, block));
    if (block.last) stages.push(transpose(graph, x, [0, 3, 1, 2]));
  }
  const { embedding, highResolution } = referenceNeck(root, stages, config.decoder.embedding);
  graph.output("image_embedding", embedding);
  for (const [i, map] of highResolution.entries()) graph.output(`high_res_features.${i}`, map);
  if (outputs === "embeddings and stages")
    for (const [i, stage] of stages.entries()) graph.output(`trunk_stages.${i}`, stage);
  return graph.finish();
}

/** Returns [1, grid, grid, width], from parameters alone: the runtime computes it once, when it opens the graph. */
function referencePositions(trunk: Module, config: Sam2Config): GraphValue {
  const { graph } = trunk;
  const { width, background, windows } = config;
  const grid = gridOf(config, 0);
  const own = weight(trunk, "pos_embed", [1, width, background, background]);
  const stretched = exportedBicubic(graph, own, [grid, grid]);
  const window = weight(trunk, "pos_embed_window", [1, width, windows[0], windows[0]]);
  const tiled = graph.op("Tile", [window, graph.ints([1, 1, grid / windows[0], grid / windows[0]])]);
  return transpose(graph, add(graph, stretched, tiled), [0, 2, 3, 1]);
}

/** Adds one block: [1, inputGrid, inputGrid, inputWidth] → [1, grid, grid, width]. */
function referenceBlock(module: Module, x: GraphValue, block: HieraBlock): GraphValue {
  const { graph } = module;
  const { inputWidth, width, inputGrid, grid, pools, window } = block;
  const normalised = layerNorm(child(module, "norm1"), x, { width: inputWidth, epsilon: epsilons.vit });
  const widths = { inputs: inputWidth, outputs: width };
  const stream = pools ? maxPool(module, exportedLinear(child(module, "proj"), normalised, widths)) : x;
  const attn = child(module, "attn");
  let attended: GraphValue;
  if (window === undefined) attended = referenceAttention(attn, normalised, block);
  else {
    const windows = partition(graph, normalised, { grid: inputGrid, window }, [window, window]);
    const inside = referenceAttention(attn, windows, block);
    attended = unpartition(graph, inside, { grid, window: pools ? window / 2 : window });
  }
  const middle = add(graph, stream, attended);
  const mlpInput = layerNorm(child(module, "norm2"), middle, { width, epsilon: epsilons.vit });
  const branch = exportedMlp(child(module, "mlp"), mlpInput, { width, layers: ["layers.0", "layers.1"] });
  return add(graph, middle, branch);
}

/** Takes the largest of each 2 x 2: [batch, rows, columns, channels], which are moved there and back. */
function maxPool({ graph }: Module, x: GraphValue): GraphValue {
  const image = transpose(graph, x, [0, 3, 1, 2]);
  const pooled = graph.op("MaxPool", [image], { kernel_shape: [2, 2], strides: [2, 2] });
  return transpose(graph, pooled, [0, 2, 3, 1]);
}

/** Attends within each square of the batch: [batch, side, side, inputWidth] → the same, or half as many rows and columns. */
function referenceAttention(attn: Module, x: GraphValue, { inputWidth, width, heads, pools }: HieraBlock): GraphValue {
  const { graph } = attn;
  const [batch, side] = x.dims as [number, number];
  const headWidth = width / heads;
  const joint = exportedLinear(child(attn, "qkv"), x, { inputs: inputWidth, outputs: 3 * width });
  const parts = split(graph, reshape(graph, joint, [batch, side * side, 3, heads, headWidth]), 2, [1, 1, 1]);
  const [query, key, value] = parts.map((part) => graph.op("Squeeze", [part, graph.ints([2])])) as [
    GraphValue,
    GraphValue,
    GraphValue,
  ];
  const left = pools ? side / 2 : side;
  const pooled = pools ? maxPool(attn, reshape(graph, query, [batch, side, side, width])) : query;
  const byHead = (each: GraphValue, tokens: number) =>
    transpose(graph, reshape(graph, each, [batch, tokens, heads, headWidth]), [0, 2, 1, 3]);
  // The exporter gives each side the root of the scale.
  const root = graph.number(Math.sqrt(1 / Math.sqrt(headWidth)));
  const scaledQuery = mul(graph, byHead(pooled, left * left), root);
  const scaledKey = mul(graph, transpose(graph, byHead(key, side * side), [0, 1, 3, 2]), root);
  const probabilities = softmax(graph, graph.op("MatMul", [scaledQuery, scaledKey]));
  const attended = graph.op("MatMul", [probabilities, byHead(value, side * side)]);
  const merged = reshape(graph, transpose(graph, attended, [0, 2, 1, 3]), [batch, left, left, width]);
  return exportedLinear(child(attn, "proj"), merged, { inputs: width, outputs: width });
}
