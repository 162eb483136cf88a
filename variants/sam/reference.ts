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
import { epsilons } from "../sam-decoder/epsilons.ts";
import { exportedLayerNorm2d, exportedLinear, exportedMlp } from "../sam-decoder/exported.ts";
import type { SamConfig } from "./config.ts";
import type { EarlyTokens } from "./imageEncoder.ts";
import { type NeckLayers, samNeckLayers } from "./neck.ts";
import { partition, unpartition } from "./partition.ts";
import { axisTable, relativePositions } from "./relativePositions.ts";

/**
 * Builds SAM's image encoder operator for operator as PyTorch exports the published code: windows padded and projected whole,
 * attention scores in memory, relative positions by einsum and two sums. It is what the fused encoder is measured against.
 * Source: segment_anything/modeling/image_encoder.py.
 */
export function referenceImageEncoder(config: SamConfig, checkpoint: Checkpoint, early?: EarlyTokens): OnnxGraph {
  const grid = config.side / config.patch;
  const attend = (attn: Module, normalised: GraphValue, index: number) =>
    config.globalBlocks.includes(index)
      ? referenceAttention(attn, normalised, config, grid)
      : inWindows(attn, normalised, config);
  return exportedEncoder(config, checkpoint, attend, early);
}

/** Builds an encoder that is SAM's but for its attention: [1, grid, grid, width] → the same, output projection included. */
export function exportedEncoder(
  config: Omit<SamConfig, "globalBlocks" | "window" | "heads">,
  checkpoint: Checkpoint,
  attend: (attn: Module, normalised: GraphValue, index: number) => GraphValue,
  early?: EarlyTokens,
): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const { side, patch, width, depth } = config;
  const grid = side / patch;
  const image = graph.input("image", [1, 3, side, side]);
  const convolution = { inputs: 3, outputs: width, kernel: patch, stride: patch, bias: "with bias" } as const;
  const patches = transpose(graph, conv2d(child(encoder, "patch_embed.proj"), image, convolution), [0, 2, 3, 1]);
  let x = add(graph, patches, weight(encoder, "pos_embed", [1, grid, grid, width]));
  for (let i = 0; i < depth; i++) {
    const block = child(encoder, `blocks.${i}`);
    x = graph.within(block.path, () =>
      exportedBlock(block, x, config, (attn, normalised) => attend(attn, normalised, i)),
    );
    if (early?.afterBlock === i) graph.output(early.output, x);
  }
  graph.output("image_embedding", referenceNeck(child(encoder, "neck"), x, config));
  return graph.finish();
}

function exportedBlock(
  block: Module,
  x: GraphValue,
  { width, mlp: hidden }: Pick<SamConfig, "width" | "mlp">,
  attend: (attn: Module, normalised: GraphValue) => GraphValue,
): GraphValue {
  const { graph } = block;
  const normalised = layerNorm(child(block, "norm1"), x, { width, epsilon: epsilons.vit });
  const middle = add(graph, x, attend(child(block, "attn"), normalised));
  const mlpInput = layerNorm(child(block, "norm2"), middle, { width, epsilon: epsilons.vit });
  return add(graph, middle, exportedMlp(child(block, "mlp"), mlpInput, { width, hidden, layers: ["lin1", "lin2"] }));
}

function inWindows(attn: Module, x: GraphValue, config: SamConfig): GraphValue {
  const { window, side, patch } = config;
  const sides = { grid: side / patch, window };
  const windows = partition(attn.graph, x, sides, [window, window]);
  return unpartition(attn.graph, referenceAttention(attn, windows, config, window), sides);
}

/** Attends within each square of the batch: [batch, side, side, width] → the same. */
function referenceAttention(attn: Module, x: GraphValue, { width, heads }: SamConfig, side: number): GraphValue {
  const { graph } = attn;
  const batch = x.dims[0] as number;
  const area = side * side;
  const headWidth = width / heads;
  const joint = exportedLinear(child(attn, "qkv"), x, { inputs: width, outputs: 3 * width });
  const byHead = transpose(graph, reshape(graph, joint, [batch, area, 3, heads, headWidth]), [2, 0, 3, 1, 4]);
  const parts = split(graph, reshape(graph, byHead, [3, batch * heads, area, headWidth]), 0, [1, 1, 1]);
  const [query, key, value] = parts.map((part) => graph.op("Squeeze", [part, graph.ints([0])])) as [
    GraphValue,
    GraphValue,
    GraphValue,
  ];

  const scaled = mul(graph, query, graph.number(1 / Math.sqrt(headWidth)));
  const scores = graph.op("MatMul", [scaled, transpose(graph, key, [0, 2, 1])]);
  const probabilities = softmax(graph, withRelativePositions(attn, scores, query, side, headWidth));
  const attended = reshape(graph, graph.op("MatMul", [probabilities, value]), [batch, heads, side, side, headWidth]);
  const merged = reshape(graph, transpose(graph, attended, [0, 2, 3, 1, 4]), [batch, side, side, width]);
  return exportedLinear(child(attn, "proj"), merged, { inputs: width, outputs: width });
}

function withRelativePositions(
  attn: Module,
  scores: GraphValue,
  query: GraphValue,
  side: number,
  headWidth: number,
): GraphValue {
  const { graph } = attn;
  const batch = scores.dims[0] as number;
  const positions = relativePositions(attn, side, headWidth);
  const square = reshape(graph, query, [batch, side, side, headWidth]);
  // The tables hold [query, channel, key]; the published einsum takes [query, key, channel].
  const table = (axis: "rows" | "columns") => transpose(graph, axisTable(attn, positions, axis), [0, 2, 1]);
  const rowTerms = graph.op("Einsum", [square, table("rows")], { equation: "bhwc,hkc->bhwk" });
  const columnTerms = graph.op("Einsum", [square, table("columns")], { equation: "bhwc,wkc->bhwk" });
  const spread = reshape(graph, scores, [batch, side, side, side, side]);
  const withRows = add(graph, spread, graph.op("Unsqueeze", [rowTerms, graph.ints([4])]));
  const withBoth = add(graph, withRows, graph.op("Unsqueeze", [columnTerms, graph.ints([3])]));
  return reshape(graph, withBoth, [batch, side * side, side * side]);
}

interface ReferenceNeck extends Pick<SamConfig, "width" | "decoder"> {
  /** Names of the layers in the checkpoint; they are SAM's if left out. */
  readonly layers?: NeckLayers;
}

/** Turns [1, grid, grid, width] into the image embedding [1, embedding, grid, grid]. */
export function referenceNeck(
  module: Module,
  x: GraphValue,
  { width, decoder, layers = samNeckLayers }: ReferenceNeck,
): GraphValue {
  const { graph } = module;
  const channels = decoder.embedding;
  const image = transpose(graph, x, [0, 3, 1, 2]);
  const narrow = conv2d(child(module, layers.narrow), image, {
    inputs: width,
    outputs: channels,
    kernel: 1,
    bias: "without bias",
  });
  const first = exportedLayerNorm2d(child(module, layers.firstNorm), narrow, channels);
  const mixed = conv2d(child(module, layers.mix), first, {
    inputs: channels,
    outputs: channels,
    kernel: 3,
    padding: 1,
    bias: "without bias",
  });
  return exportedLayerNorm2d(child(module, layers.lastNorm), mixed, channels);
}
