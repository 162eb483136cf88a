import type { Checkpoint, OnnxGraph } from "../../harness/api.ts";
import { child, GraphBuilder, type Module } from "../../harness/onnx/index.ts";
import { fusedLayers } from "../repvit/layers.ts";
import { repVitTrunk } from "../repvit/trunk.ts";
import { imageNeck } from "../sam/imageNeck.ts";
import type { EdgeSamConfig } from "./config.ts";
import { fusedStages, multiplied } from "./fusion.ts";

/**
 * Builds EdgeSAM's image encoder as it is measured: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid, grid].
 * All branches of a token mixer are one convolution; values stay [1, channels, rows, columns] up to the neck.
 * Source: edge_sam/modeling/rep_vit.py; ./reference.ts has it operator for operator.
 */
export function imageEncoder(config: EdgeSamConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const image = graph.input("image", [1, 3, config.side, config.side]);
  const maps = repVitTrunk(child(encoder, "features"), image, config, fusedLayers);
  const { embedding } = config.decoder;
  const sum = fusedStages(encoder, maps, config, multiplied);
  graph.output("image_embedding", imageNeck(child(encoder, "neck"), sum, { width: embedding, channels: embedding }));
  return graph.finish();
}
