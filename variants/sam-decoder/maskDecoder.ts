import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import { add, child, GraphBuilder, type Module, reshape, slice, transpose } from "../../harness/onnx/index.ts";
import { type DecoderArchitecture, type DecoderConfig, maskTokens, samDecoder } from "./config.ts";
import { predictedIou, upscaledMasks } from "./maskHeads.ts";
import {
  imagePositions,
  maskInput,
  maskTokensOf,
  noMaskEmbedding,
  promptInputs,
  promptTokens,
} from "./promptEncoder.ts";
import { twoWayTransformer } from "./twoWayTransformer.ts";

/**
 * Builds the graph of what all prompts of an image share; it runs once an image: `image_embedding` [1, embedding, grid, grid] →
 * `image_tokens` and `image_tokens_with_positions` [grid², embedding].
 */
export function decoderImage(
  config: DecoderConfig,
  checkpoint: Checkpoint,
  architecture: DecoderArchitecture,
): OnnxGraph {
  const graph = new GraphBuilder("decoder-image");
  addSharedTokens({ graph, checkpoint, path: "" }, config, architecture);
  return graph.finish();
}

/**
 * Adds `decoderImage`'s input and outputs to a graph. Returns the embedding as tokens [grid², embedding], before the embedding that
 * stands for "no mask" is added.
 */
export function addSharedTokens(root: Module, config: DecoderConfig, architecture: DecoderArchitecture): GraphValue {
  const { graph } = root;
  const { embedding, grid } = config;
  const image = graph.input("image_embedding", [1, embedding, grid, grid]);
  const tokens = transpose(graph, reshape(graph, image, [embedding, grid * grid]), [1, 0]);
  const keys = architecture.noMaskEmbedding === "none" ? tokens : add(graph, tokens, noMaskEmbedding(root, config));
  graph.output("image_tokens", keys);
  graph.output("image_tokens_with_positions", add(graph, keys, imagePositions(root, config)));
  return tokens;
}

/** Says whether prompts bring low-res logits of an earlier prediction. */
export type MaskPrompts = "points and boxes" | "points, boxes and a mask";

/**
 * Builds SAM's prompt encoder and mask decoder for a batch of prompts of one length: `point_coords` [prompts, points, 2],
 * `point_labels` [prompts, points], perhaps `mask_input` [prompts, 1, 4 grid, 4 grid], and the two outputs of `decoderImage` →
 * `low_res_masks` [prompts, 4, 4 grid, 4 grid] and `iou_predictions` [prompts, 4], single-mask token first; the
 * architecture's scores replace the predictions.
 * Source: segment_anything/modeling/mask_decoder.py and transformer.py; ./reference.ts has them operator for operator.
 */
export function maskDecoder(
  config: DecoderConfig,
  checkpoint: Checkpoint,
  prompts: MaskPrompts,
  architecture: DecoderArchitecture = samDecoder,
): OnnxGraph {
  const graph = new GraphBuilder(decoderName(prompts));
  const root: Module = { graph, checkpoint, path: "" };
  const { queries, image } = attendedPrompts(root, config, prompts, architecture);
  const decoder = child(root, "mask_decoder");
  const iouToken = slice(graph, queries, 1, 0, 1);
  const masks = slice(graph, queries, 1, 1, 1 + maskTokens);
  const lowResLogits = upscaledMasks(decoder, { tokens: masks, image }, config, architecture);
  graph.output("low_res_masks", lowResLogits);
  const scores = architecture.scores?.(decoder, { iouToken, lowResLogits }, config);
  graph.output("iou_predictions", scores ?? predictedIou(decoder, iouToken, config, architecture));
  return graph.finish();
}

/** Returns the name of the decoder graph that takes these prompts. */
export function decoderName(prompts: MaskPrompts): string {
  return prompts === "points and boxes" ? "decoder" : "decoder-mask";
}

/**
 * Adds the inputs of SAM's decoder, its prompt encoder and its transformer. Returns the learned tokens and the
 * prompts' after their last attention, [prompts, tokens, embedding], and the image tokens [prompts, grid², embedding].
 */
export function attendedPrompts(
  root: Module,
  config: DecoderConfig,
  prompts: MaskPrompts,
  architecture: DecoderArchitecture,
): { readonly queries: GraphValue; readonly image: GraphValue } {
  const { graph } = root;
  const places = config.grid ** 2;
  let keys = graph.input("image_tokens", [places, config.embedding]);
  let keysWithPositions = graph.input("image_tokens_with_positions", [places, config.embedding]);
  const tokens = promptTokens(root, promptInputs(root), config, architecture.learned);
  if (prompts === "points, boxes and a mask") {
    const dense = maskTokensOf(root, config, maskInput(root, config));
    keys = add(graph, keys, dense);
    keysWithPositions = add(graph, keysWithPositions, dense);
  }

  const transformer = child(root, "mask_decoder.transformer");
  return twoWayTransformer(transformer, { tokens, keys, keysWithPositions }, config, architecture);
}
