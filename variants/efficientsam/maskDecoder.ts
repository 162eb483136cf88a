import type { Checkpoint, OnnxGraph } from "../../harness/api.ts";
import { child, GraphBuilder, type Module, slice } from "../../harness/onnx/index.ts";
import type { DecoderConfig } from "../sam-decoder/config.ts";
import { predictedIou, upscaledMasks } from "../sam-decoder/maskHeads.ts";
import { twoWayTransformer } from "../sam-decoder/twoWayTransformer.ts";
import { efficientSamDecoder } from "./config.ts";
import { promptTokens } from "./promptEncoder.ts";

/**
 * Builds EfficientSAM's prompt encoder and mask decoder for a batch of prompts: `point_coords`, `point_labels` and the two
 * outputs of `decoderImage` → `low_res_masks` [prompts, 3, 4 grid, 4 grid] and `iou_predictions` [prompts, 3], in the order of
 * the mask tokens. Source: efficient_sam/efficient_sam_decoder.py and two_way_transformer.py; ./referenceDecoder.ts has them
 * operator for operator.
 */
export function maskDecoder(config: DecoderConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("decoder");
  const root: Module = { graph, checkpoint, path: "" };
  const places = config.grid ** 2;
  const keys = graph.input("image_tokens", [places, config.embedding]);
  const seen = graph.input("image_tokens_with_positions", [places, config.embedding]);
  const tokens = promptTokens(root, config);

  const decoder = child(root, "mask_decoder");
  const { queries, image } = twoWayTransformer(
    child(decoder, "transformer"),
    { tokens, keys, seen },
    config,
    efficientSamDecoder,
  );
  const masks = slice(graph, queries, 1, 1, 1 + efficientSamDecoder.masks);
  graph.output("low_res_masks", upscaledMasks(decoder, { tokens: masks, image }, config, efficientSamDecoder));
  const iouToken = slice(graph, queries, 1, 0, 1);
  graph.output("iou_predictions", predictedIou(decoder, iouToken, config, efficientSamDecoder));
  return graph.finish();
}
