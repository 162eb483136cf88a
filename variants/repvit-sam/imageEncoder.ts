import type { Checkpoint, OnnxGraph } from "../../harness/api.ts";
import { child, GraphBuilder, type Module } from "../../harness/onnx/index.ts";
import { fusedLayers } from "../repvit/layers.ts";
import { repVitTrunk } from "../repvit/trunk.ts";
import { imageNeck } from "../sam/imageNeck.ts";
import type { RepVitSamConfig } from "./config.ts";

/**
 * Builds RepViT-SAM's image encoder as it is measured: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid,
 * grid]. All branches and norms of a token mixer are one convolution; values stay [1, channels, rows, columns] up to the neck.
 * Source: sam/repvit_sam/modeling/repvit.py; ./reference.ts has it operator for operator.
 */
export function imageEncoder(config: RepVitSamConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const image = graph.input("image", [1, 3, config.side, config.side]);
  const last = repVitTrunk(child(encoder, "features"), image, config, fusedLayers).at(-1)!;
  const widths = { width: config.widths[3], channels: config.decoder.embedding };
  graph.output("image_embedding", imageNeck(child(encoder, "neck"), last, widths));
  return graph.finish();
}
