import type { Checkpoint, OnnxGraph } from "../../harness/api.ts";
import { child, GraphBuilder, type Module } from "../../harness/onnx/index.ts";
import { encoderBlock, patchTokens } from "../sam/imageEncoder.ts";
import { neck } from "../sam/neck.ts";
import { attentionOf, type LighteningConfig } from "./config.ts";
import { dilatedAttention } from "./dilatedAttention.ts";

/**
 * Builds SAM-Lightening's image encoder as it is measured: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid,
 * grid]. SAM's, without relative positions and with dilated attention as the paper's text has it; weights by SAM's names.
 */
export function imageEncoder(config: LighteningConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const { width, side, patch, depth, decoder } = config;
  let stream = patchTokens(encoder, graph.input("image", [1, 3, side, side]), config);
  for (let index = 0; index < depth; index++)
    stream = encoderBlock(child(encoder, `blocks.${index}`), stream, config, (attn, normalised) =>
      dilatedAttention(attn, normalised, attentionOf(config, index)),
    );
  const sizes = { width, grid: side / patch, channels: decoder.embedding };
  graph.output("image_embedding", neck(child(encoder, "neck"), stream, sizes));
  return graph.finish();
}
