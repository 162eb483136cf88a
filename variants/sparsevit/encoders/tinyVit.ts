import type { Checkpoint, GraphValue, OnnxGraph } from "../../../harness/api.ts";
import {
  add,
  child,
  concat,
  gelu,
  layerNorm,
  linear,
  type Module,
  product,
  reshape,
  transpose,
  weight,
} from "../../../harness/onnx/index.ts";
import { projectionBias, projections, queryBias } from "../../mobilesam/attention.ts";
import { attentionBias } from "../../mobilesam/attentionBias.ts";
import { type MobileSamConfig, type Stage, stagesOf } from "../../mobilesam/config.ts";
import { attentionBlock, type EarlyTokens, imageEncoder } from "../../mobilesam/imageEncoder.ts";
import { normalisedConvolution } from "../../mobilesam/normalisedConvolution.ts";
import { attend, gatherTokens } from "../../sam/attention.ts";
import type { WindowLayout } from "../../sam/windows.ts";
import { epsilons } from "../../sam-decoder/epsilons.ts";
import { keptTokensPrefix } from "../../sam-decoder/load.ts";
import { keptCount, nameOf, runsOfEqual, type Sparsity, type WindowStage } from "../sparsity.ts";
import { gather, type KeptWindows, keepWindows, rankWindows, scatter } from "./keptWindows.ts";

/** Returns the stages of TinyViT: those that attend. Their blocks are counted through all of them, from 0. */
export function tinyVitStages(config: MobileSamConfig): readonly WindowStage[] {
  const stages: WindowStage[] = [];
  let first = 0;
  for (const { depth, grid, window } of stagesOf(config).slice(1)) {
    const blocks = Array.from({ length: depth }, (_, i) => first + i);
    stages.push({ blocks, windows: Math.ceil(grid / window) ** 2 });
    first += depth;
  }
  return stages;
}

/**
 * Builds MobileSAM's image encoder with window activation pruning, as `sparseImageEncoder` does SAM's. A block of TinyViT has a
 * 3 x 3 convolution of each channel between attention and MLP: it sees the tokens that were left out around a kept window as
 * they are, and its results are taken for kept windows alone.
 */
export function sparseTinyVitEncoder(
  config: MobileSamConfig,
  { ratios }: Sparsity,
  checkpoint: Checkpoint,
  early?: EarlyTokens,
): OnnxGraph {
  const stages = tinyVitStages(config);
  return imageEncoder(config, checkpoint, early, (layer, x, stage) =>
    sparseStage(layer, x, stage, stages[stage.index - 1]!, ratios),
  );
}

/** Adds the blocks of one stage: first those that are whole, then those on ever fewer windows. */
function sparseStage(
  layer: Module,
  x: GraphValue,
  stage: Stage,
  { blocks, windows }: WindowStage,
  ratios: readonly number[],
): GraphValue {
  const { graph } = layer;
  const { grid, width } = stage;
  const moduleOf = (index: number) => child(layer, `blocks.${index - blocks[0]!}`);
  const sparse = blocks.filter((index) => ratios[index]! > 0);
  let image = x;
  for (const index of blocks.slice(0, blocks.length - sparse.length))
    image = attentionBlock(moduleOf(index), image, stage);
  const [first] = sparse;
  if (first === undefined) return image;
  const countOf = (index: number) => keptCount(windows, ratios[index]!);
  let whole = transpose(graph, reshape(graph, image, [1, width, grid * grid]), [0, 2, 1]);
  const ranked = graph.within(`rank.${first}`, () => rankWindows(graph, whole, stage, countOf(first)));
  for (const run of runsOfEqual(sparse, countOf)) {
    const kept = graph.within(`keep.${run[0]}`, () => keepWindows(graph, ranked, stage, countOf(run[0]!)));
    graph.output(`${keptTokensPrefix}${nameOf(run)}`, kept.map);
    for (const index of run) whole = keptBlock(moduleOf(index), whole, stage, kept);
  }
  return inImage(layer, whole, stage);
}

/** Turns tokens [1, grid², width] into [1, width, grid, grid]. */
function inImage({ graph }: Module, tokens: GraphValue, { grid, width }: Stage): GraphValue {
  return reshape(graph, transpose(graph, tokens, [0, 2, 1]), [1, width, grid, grid]);
}

/** Adds a block on the kept windows of [1, grid², width]; the other tokens pass it unchanged. */
function keptBlock(block: Module, whole: GraphValue, stage: Stage, kept: KeptWindows): GraphValue {
  const { graph } = block;
  const { grid, width } = stage;
  return graph.within(block.path, () => {
    const attn = child(block, "attn");
    const tokens = gather(graph, whole, kept);
    const normalised = layerNorm(child(attn, "norm"), tokens, { width, epsilon: epsilons.tinyVit });
    const attended = keptAttention(attn, normalised, stage, kept.layout);
    const projected = product(child(attn, "proj"), attended, { inputs: width, outputs: width });
    const sum = add(graph, add(graph, projected, projectionBias(attn, stage)), tokens);
    const by3 = { inputs: width, outputs: width, kernel: 3, groups: width };
    const image = inImage(block, scatter(graph, whole, sum, kept), stage);
    const convolved = normalisedConvolution(child(block, "local_conv"), image, by3);
    const inTokens = transpose(graph, reshape(graph, convolved, [1, width, grid * grid]), [0, 2, 1]);
    const mixed = gather(graph, inTokens, kept);

    const mlp = child(block, "mlp");
    const mlpInput = layerNorm(child(mlp, "norm"), mixed, { width, epsilon: epsilons.tinyVit });
    const hidden = gelu(graph, linear(child(mlp, "fc1"), mlpInput, { inputs: width, outputs: 4 * width }));
    const branch = linear(child(mlp, "fc2"), hidden, { inputs: 4 * width, outputs: width });
    return scatter(graph, whole, add(graph, branch, mixed), kept);
  });
}

/** Attends within the kept windows of normalised tokens [1, tokens, width] → the same. A padding token is the norm's bias. */
function keptAttention(
  attn: Module,
  normalised: GraphValue,
  stage: Stage,
  { windows, tokens, places, restore }: WindowLayout,
): GraphValue {
  const { graph } = attn;
  const { width, heads, window } = stage;
  const padding = reshape(graph, weight(child(attn, "norm"), "bias", [width]), [1, 1, width]);
  const padded = concat(graph, [normalised, padding], 1);
  const { query, key, value } = projections(attn, stage);
  const byWindow = (matrix: GraphValue, bias?: GraphValue) => {
    const projected = graph.op("FusedMatMul", [padded, matrix], { transB: 1 });
    const all = bias === undefined ? projected : add(graph, projected, bias);
    return gatherTokens(attn, all, places, [windows, window * window, width]);
  };
  const attended = attend(
    attn,
    { query: byWindow(query, queryBias(attn, stage)), key: byWindow(key), value: byWindow(value) },
    { heads, headWidth: width / heads, bias: attentionBias(attn, stage) },
  );
  return gatherTokens(attn, reshape(graph, attended, [1, windows * window * window, width]), restore, [
    ...[1, tokens],
    width,
  ]);
}
