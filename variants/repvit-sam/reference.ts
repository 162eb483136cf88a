import type { Checkpoint, OnnxGraph } from "../../harness/api.ts";
import { child, GraphBuilder, type Module } from "../../harness/onnx/index.ts";
import { referenceLayers } from "../repvit/layers.ts";
import { repVitTrunk } from "../repvit/trunk.ts";
import { exportedImageNeck } from "../sam/imageNeck.ts";
import type { RepVitSamConfig } from "./config.ts";

/**
 * Builds RepViT-SAM's image encoder operator for operator as PyTorch exports the published code in inference mode, its branches
 * apart as the checkpoint has them: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid, grid].
 * Source: sam/repvit_sam/modeling/repvit.py.
 */
export function referenceImageEncoder(config: RepVitSamConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const image = graph.input("image", [1, 3, config.side, config.side]);
  const last = repVitTrunk(child(encoder, "features"), image, config, referenceLayers).at(-1)!;
  const widths = { width: config.widths[3], channels: config.decoder.embedding };
  graph.output("image_embedding", exportedImageNeck(child(encoder, "neck"), last, widths));
  return graph.finish();
}
