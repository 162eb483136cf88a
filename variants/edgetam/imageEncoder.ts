import type { Checkpoint, OnnxGraph } from "../../harness/api.ts";
import { child, GraphBuilder, type Module } from "../../harness/onnx/index.ts";
import { fusedLayers } from "../repvit/layers.ts";
import type { EncoderOutputs } from "../sam2-neck/outputs.ts";
import { highResolutionMaps } from "../sam2-neck/weights.ts";
import type { EdgeTamConfig } from "./config.ts";
import { highResolution, imageEmbedding } from "./neck.ts";
import { edgeTamTrunk } from "./trunk.ts";

/**
 * Builds EdgeTAM's image encoder as it is measured: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid, grid],
 * with the vector that stands for "no memory" in it, and the high-resolution maps `high_res_features.0` [1, embedding / 8,
 * 4 grid, 4 grid] and `.1` [1, embedding / 4, 2 grid, 2 grid], after the mask decoder's convolutions, which run once an image.
 * All branches of a token mixer are one convolution. Sources: sam2/modeling/backbones/timm.py and image_encoder.py of
 * facebookresearch/EdgeTAM; ./reference.ts has it operator for operator.
 */
export function imageEncoder(config: EdgeTamConfig, checkpoint: Checkpoint, outputs: EncoderOutputs): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const root: Module = { graph, checkpoint, path: "" };
  const image = graph.input("image", [1, 3, config.side, config.side]);
  const maps = edgeTamTrunk(child(root, "image_encoder.trunk.body"), image, config, fusedLayers);
  const { embedding } = config.decoder;
  const [, , fine, coarse] = maps;
  graph.output("image_embedding", imageEmbedding(root, { fine: fine!, coarse: coarse!, channels: embedding }));
  for (const [i, how] of highResolutionMaps(embedding).entries())
    graph.output(`high_res_features.${i}`, highResolution(root, maps[i]!, how));
  if (outputs === "embeddings and stages")
    for (const [i, map] of maps.entries()) graph.output(`trunk_stages.${i}`, map);
  return graph.finish();
}
