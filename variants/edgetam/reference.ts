import type { Checkpoint, OnnxGraph } from "../../harness/api.ts";
import { child, GraphBuilder, type Module } from "../../harness/onnx/index.ts";
import { referenceLayers } from "../repvit/layers.ts";
import type { EncoderOutputs } from "../sam2-neck/outputs.ts";
import { referenceNeck } from "../sam2-neck/reference.ts";
import type { EdgeTamConfig } from "./config.ts";
import { edgeTamTrunk } from "./trunk.ts";

/**
 * Builds EdgeTAM's image encoder operator for operator as PyTorch exports the published code in inference mode, its branches
 * apart as the checkpoint has them. Outputs are those of `imageEncoder`.
 * Sources: sam2/modeling/backbones/timm.py and image_encoder.py of facebookresearch/EdgeTAM; timm/models/repvit.py.
 */
export function referenceImageEncoder(
  config: EdgeTamConfig,
  checkpoint: Checkpoint,
  outputs: EncoderOutputs,
): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const root: Module = { graph, checkpoint, path: "" };
  const image = graph.input("image", [1, 3, config.side, config.side]);
  const maps = edgeTamTrunk(child(root, "image_encoder.trunk.body"), image, config, referenceLayers);
  const { embedding, highResolution } = referenceNeck(root, maps, config.decoder.embedding);
  graph.output("image_embedding", embedding);
  for (const [i, map] of highResolution.entries()) graph.output(`high_res_features.${i}`, map);
  if (outputs === "embeddings and stages")
    for (const [i, map] of maps.entries()) graph.output(`trunk_stages.${i}`, map);
  return graph.finish();
}
