import type { Checkpoint, OnnxGraph } from "../../../harness/api.ts";
import { child } from "../../../harness/onnx/index.ts";
import type { EfficientTamConfig } from "../../efficienttam/config.ts";
import { encoderBlock, imageEncoder, wholeBlock } from "../../efficienttam/imageEncoder.ts";
import { windowAttention } from "../../efficienttam/windowAttention.ts";
import { type Sparsity, samStages } from "../sparsity.ts";
import { type StageBlocks, sparseStage } from "./sparseStage.ts";

/** Builds EfficientTAM's image encoder with window activation pruning, as `sparseImageEncoder` does SAM's. */
export function sparseEfficientTamEncoder(
  config: EfficientTamConfig,
  { ratios }: Sparsity,
  checkpoint: Checkpoint,
): OnnxGraph {
  const stages = samStages(config);
  return imageEncoder(config, checkpoint, "embeddings", (trunk, tokens) => {
    const { graph } = trunk;
    const { side, patch, window } = config;
    const blockOf = (index: number) => child(trunk, `blocks.${index}`);
    const square = { grid: side / patch, window };
    const blocks: StageBlocks = {
      square,
      whole: (stream, index) => wholeBlock(blockOf(index), stream, config, index),
      kept: (stream, index, { layout }) => {
        const queries = graph.op("Min", [layout.places, graph.ints([layout.tokens - 1])]);
        return encoderBlock(blockOf(index), stream, config, (attn, normalised) =>
          windowAttention(attn, normalised, config, { ...layout, padded: square.grid % window !== 0, queries }),
        );
      },
    };
    let stream = tokens;
    for (let block = 0; block < config.depth; block++) {
      const stage = stages.find((each) => each.blocks[0] === block);
      if (stage !== undefined) stream = sparseStage(graph, stream, stage, ratios, blocks);
      else if (config.globalBlocks.includes(block)) stream = blocks.whole(stream, block);
    }
    return stream;
  });
}
