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
import { type Sparsity, samStages, type WindowStage } from "../sparsity.ts";
import { keptGlobalBlock } from "./globalBlock.ts";
import { sparseStage } from "./sparseStage.ts";

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
    if (stage !== undefined) stream = windowedBlocks(encoder, stream, config, sparsity, stage);
    else if (config.globalBlocks.includes(block)) stream = globalBlock(encoder, stream, config, sparsity, block);
    if (early?.afterBlock === block) graph.output(early.output, inSquare(graph, stream, config));
  }
  graph.output("image_embedding", embeddingOf(encoder, stream, config));
  return graph.finish();
}

function windowedBlocks(
  encoder: Module,
  stream: GraphValue,
  config: SamConfig,
  { ratios }: Sparsity,
  stage: WindowStage,
): GraphValue {
  const { width, heads, window, side, patch } = config;
  const blockOf = (index: number) => child(encoder, `blocks.${index}`);
  return sparseStage(encoder.graph, stream, stage, ratios, {
    square: { grid: side / patch, window },
    whole: (tokens, index) => wholeBlock(blockOf(index), tokens, config, index),
    kept: (tokens, index, { layout }) =>
      encoderBlock(blockOf(index), tokens, config, (attn, normalised) =>
        windowAttention(attn, normalised, { width, heads, window }, layout),
      ),
  });
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
