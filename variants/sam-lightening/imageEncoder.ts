import type { Checkpoint, OnnxGraph } from "../../harness/api.ts";
import { child, GraphBuilder, layerNorm, type Module } from "../../harness/onnx/index.ts";
import { projectionBias } from "../sam/attention.ts";
import { blockEnd } from "../sam/blockEnd.ts";
import { patchTokens } from "../sam/imageEncoder.ts";
import { neck } from "../sam/neck.ts";
import { attentionOf, type LighteningConfig } from "./config.ts";
import { dilatedAttention } from "./dilatedAttention.ts";

/** LayerNorms of the encoder, its neck included. */
const epsilon = 1e-6;

/**
 * SAM-Lightening's image encoder as it is measured: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid,
 * grid]. SAM's, without relative positions and with dilated attention as the paper's text has it; weights by SAM's names.
 */
export function imageEncoder(config: LighteningConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const { width, side, patch, depth, decoder } = config;
  let stream = patchTokens(encoder, graph.input("image", [1, 3, side, side]), config);
  let normalised = layerNorm(child(encoder, "blocks.0.norm1"), stream, { width, epsilon });
  for (let index = 0; index < depth; index++) {
    const block = child(encoder, `blocks.${index}`);
    const attn = child(block, "attn");
    [normalised, stream] = graph.within(block.path, () => {
      const attended = dilatedAttention(attn, normalised, attentionOf(config, index));
      const bias = projectionBias(attn, width);
      return blockEnd(block, { attended, stream, projectionBias: bias, width, layers: ["lin1", "lin2"], index, depth });
    });
  }
  const sizes = { width, grid: side / patch, channels: decoder.embedding };
  graph.output("image_embedding", neck(child(encoder, "neck"), stream, sizes));
  return graph.finish();
}
