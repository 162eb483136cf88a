import type { Checkpoint, GraphValue, OnnxGraph } from "../../../harness/api.ts";
import { child, GraphBuilder, type Module } from "../../../harness/onnx/index.ts";
import { windowAttention } from "../../sam/attention.ts";
import type { SamConfig } from "../../sam/config.ts";
import {
  type EarlyTokens,
  embeddingOf,
  encoderBlock,
  inSquare,
  patchTokens,
  wholeBlock,
} from "../../sam/imageEncoder.ts";
import { keptTokensPrefix } from "../../sam-decoder/load.ts";
import { keptCount, nameOf, runsOfEqual, type Sparsity, samStages } from "../sparsity.ts";
import { keptGlobalBlock } from "./globalBlock.ts";
import { gather, type KeptWindows, keepWindows, rankWindows, scatter } from "./keptWindows.ts";

/**
 * Builds SAM's image encoder with window activation pruning. Each stage, the windowed blocks before a global one, ranks its
 * windows once, at its first block with a ratio above 0. Blocks then run on the best windows alone, gathered into a shorter
 * stream; the other tokens pass them unchanged. With `early` the tokens after one global block are an output too.
 * Source: SparseViT, algorithm of the paper and its authors' code, which prune Swin; on SAM it is this project's transfer.
 */
export function sparseImageEncoder(
  config: SamConfig,
  sparsity: Sparsity,
  checkpoint: Checkpoint,
  early?: EarlyTokens,
): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const image = graph.input("image", [1, 3, config.side, config.side]);

  const stages = samStages(config);
  let stream = patchTokens(encoder, image, config);
  for (let block = 0; block < config.depth; block++) {
    const stage = stages.find(({ blocks }) => blocks[0] === block);
    if (stage !== undefined) stream = sparseStage(encoder, stream, config, sparsity, stage.blocks);
    else if (config.globalBlocks.includes(block)) stream = globalBlock(encoder, stream, config, sparsity, block);
    if (early?.afterBlock === block) graph.output(early.output, inSquare(graph, stream, config));
  }
  graph.output("image_embedding", embeddingOf(encoder, stream, config));
  return graph.finish();
}

function globalBlock(
  encoder: Module,
  stream: GraphValue,
  config: SamConfig,
  { globalKeep }: Sparsity,
  index: number,
): GraphValue {
  const block = child(encoder, `blocks.${index}`);
  if (globalKeep === 1) return wholeBlock(block, stream, config, index);
  const { graph } = encoder;
  const { stream: next, map } = graph.within(`global.${index}`, () =>
    keptGlobalBlock(block, stream, config, globalKeep),
  );
  graph.output(`${keptTokensPrefix}block ${index}`, map);
  return next;
}

/** Adds the windowed blocks of one stage: first those that are whole, then those on ever fewer windows. */
function sparseStage(
  encoder: Module,
  stream: GraphValue,
  config: SamConfig,
  { ratios }: Sparsity,
  stage: readonly number[],
): GraphValue {
  const sparse = stage.filter((index) => ratios[index]! > 0);
  let whole = stream;
  for (const index of stage.slice(0, stage.length - sparse.length))
    whole = wholeBlock(child(encoder, `blocks.${index}`), whole, config, index);
  const [first] = sparse;
  if (first === undefined) return whole;

  const { graph } = encoder;
  const sizes = { grid: config.side / config.patch, window: config.window };
  const windows = Math.ceil(sizes.grid / sizes.window) ** 2;
  const ranked = graph.within(`rank.${first}`, () =>
    rankWindows(graph, whole, sizes, keptCount(windows, ratios[first]!)),
  );
  for (const blocks of runsOfEqual(sparse, (index) => keptCount(windows, ratios[index]!))) {
    const count = keptCount(windows, ratios[blocks[0]!]!);
    const kept = graph.within(`keep.${blocks[0]}`, () => keepWindows(graph, ranked, sizes, count));
    graph.output(`${keptTokensPrefix}${nameOf(blocks)}`, kept.map);
    whole = onKeptWindows(encoder, whole, config, kept, blocks);
  }
  return whole;
}

function onKeptWindows(
  encoder: Module,
  whole: GraphValue,
  config: SamConfig,
  kept: KeptWindows,
  blocks: readonly number[],
): GraphValue {
  const { width, heads, window } = config;
  let stream = gather(encoder.graph, whole, kept);
  for (const index of blocks)
    stream = encoderBlock(child(encoder, `blocks.${index}`), stream, config, (attn, normalised) =>
      windowAttention(attn, normalised, { width, heads, window }, kept.layout),
    );
  return scatter(encoder.graph, whole, stream, kept);
}
