import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import { add, child, GraphBuilder, type Module, reshape, slice, transpose } from "../../harness/onnx/index.ts";
import { type DecoderArchitecture, type DecoderConfig, maskTokens, samDecoder, tokenPlaces } from "./config.ts";
import { highResolutionTokens, objectScore, predictedIou, upscaledMasks } from "./maskHeads.ts";
import { addProjections, projectionInputs } from "./projectedImage.ts";
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
 * `image_tokens` and `image_tokens_with_positions` [grid², embedding], and of an architecture whose first layer looks at what was
 * projected before, `image_keys`, `image_values` and `image_queries` (`ProjectedImage`). A decoder that adds high-resolution maps has
 * them as inputs too, `high_res_features.0` [1, embedding / 8, 4 grid, 4 grid] and `.1` [1, embedding / 4, 2 grid, 2 grid], and gives
 * `high_res_tokens.0` and `.1`, in the order of the decoder's own values.
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
  const keysWithPositions = add(graph, keys, imagePositions(root, config));
  graph.output("image_tokens_with_positions", keysWithPositions);
  if (architecture.fused.firstLook === "image projected before")
    addProjections(root, { keys, keysWithPositions }, config);
  if (architecture.upscaling.adds === "high-resolution maps") {
    const maps = highResolutionMaps(graph, config);
    const tokens = highResolutionTokens(child(root, "mask_decoder"), maps, config, architecture);
    graph.output("high_res_tokens.0", tokens.fine);
    graph.output("high_res_tokens.1", tokens.coarse);
  }
  return tokens;
}

/** Adds the inputs for high-resolution maps. */
export function highResolutionMaps(graph: GraphBuilder, { embedding, grid }: DecoderConfig) {
  return {
    fine: graph.input("high_res_features.0", [1, embedding / 8, 4 * grid, 4 * grid]),
    coarse: graph.input("high_res_features.1", [1, embedding / 4, 2 * grid, 2 * grid]),
  };
}

/** Says whether prompts bring low-res logits of an earlier prediction. */
export type MaskPrompts = "points and boxes" | "points, boxes and a mask";

/**
 * Builds SAM's prompt encoder and mask decoder for a batch of prompts of one length: `point_coords` [prompts, points, 2],
 * `point_labels` [prompts, points], perhaps `mask_input` [prompts, 1, 4 grid, 4 grid], and outputs of `decoderImage` →
 * `low_res_masks` [prompts, 4, 4 grid, 4 grid] and `iou_predictions` [prompts, 4], single-mask token first; the
 * architecture's scores replace the predictions. A decoder with an object score also gives `object_score_logits` [prompts] and,
 * as its published code does, `mask_tokens` [prompts, 4, embedding].
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
  const places = tokenPlaces(architecture);
  const iouToken = slice(graph, queries, 1, places.iou, places.iou + 1);
  const masks = slice(graph, queries, 1, places.masks, places.masks + maskTokens);
  const highResolution = architecture.upscaling.adds === "nothing" ? undefined : highResolutionInputs(graph, config);
  const lowResLogits = upscaledMasks(decoder, { tokens: masks, image, highResolution }, config, architecture);
  graph.output("low_res_masks", lowResLogits);
  const scores = architecture.scores?.(decoder, { iouToken, lowResLogits }, config);
  graph.output("iou_predictions", scores ?? predictedIou(decoder, iouToken, config, architecture));
  if (places.objectScore !== undefined) {
    const token = slice(graph, queries, 1, places.objectScore, places.objectScore + 1);
    graph.output("object_score_logits", objectScore(decoder, token, config, architecture));
    graph.output("mask_tokens", masks);
  }
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
  const dims = [config.grid ** 2, config.embedding];
  const transformer = child(root, "mask_decoder.transformer");
  const keys = graph.input("image_tokens", dims);
  const withPositions = () => graph.input("image_tokens_with_positions", dims);
  if (prompts === "points and boxes") {
    const isProjected = architecture.fused.firstLook === "image projected before";
    const seen = isProjected ? projectionInputs(graph, config) : withPositions();
    const tokens = promptTokens(root, promptInputs(root), config, architecture);
    return twoWayTransformer(transformer, { tokens, keys, seen }, config, architecture);
  }
  const seen = withPositions();
  const tokens = promptTokens(root, promptInputs(root), config, architecture);
  const dense = maskTokensOf(root, config, maskInput(root, config));
  const masked = { tokens, keys: add(graph, keys, dense), seen: add(graph, seen, dense) };
  return twoWayTransformer(transformer, masked, config, architecture);
}

/** Adds the inputs for what `decoderImage` gives of high-resolution maps. */
function highResolutionInputs(graph: GraphBuilder, { embedding, grid }: DecoderConfig) {
  return {
    fine: graph.input("high_res_tokens.0", [4 * grid * grid, embedding / 2]),
    coarse: graph.input("high_res_tokens.1", [grid * grid, embedding]),
  };
}
