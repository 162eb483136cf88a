import type { Checkpoint, OnnxGraph } from "../../harness/api.ts";
import { child, GraphBuilder, type Module } from "../../harness/onnx/index.ts";
import { referenceLayers } from "../repvit/layers.ts";
import { repVitTrunk } from "../repvit/trunk.ts";
import { exportedImageNeck } from "../sam/imageNeck.ts";
import type { EdgeSamConfig } from "./config.ts";
import { fusedStages, resized } from "./fusion.ts";

/**
 * Builds EdgeSAM's image encoder operator for operator as PyTorch exports the published code in inference mode, its branches
 * apart as the checkpoint has them: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid, grid].
 * Source: edge_sam/modeling/rep_vit.py.
 */
export function referenceImageEncoder(config: EdgeSamConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const image = graph.input("image", [1, 3, config.side, config.side]);
  const maps = repVitTrunk(child(encoder, "features"), image, config, referenceLayers);
  const widths = { width: config.decoder.embedding, channels: config.decoder.embedding };
  const sum = fusedStages(encoder, maps, config, resized);
  graph.output("image_embedding", exportedImageNeck(child(encoder, "neck"), sum, widths));
  return graph.finish();
}
