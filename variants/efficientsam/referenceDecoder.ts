import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import { child, GraphBuilder, type Module, reshape, slice, transpose } from "../../harness/onnx/index.ts";
import { type DecoderConfig, maskTokens, outputTokens } from "../sam-decoder/config.ts";
import { countPrompts, forEveryPrompt } from "../sam-decoder/promptEncoder.ts";
import { referenceHead, referenceMasks, referenceUpscaling } from "../sam-decoder/reference/referenceHeads.ts";
import { referenceTransformer } from "../sam-decoder/reference/referenceTransformer.ts";
import { efficientSamDecoder } from "./config.ts";
import { promptTokens } from "./promptEncoder.ts";

/**
 * Builds EfficientSAM's prompt encoder and mask decoder operator for operator as PyTorch exports the published code: the image
 * embedding is repeated for every prompt, all four masks are made, the last three are returned in the order of their tokens.
 * Inputs and outputs are those of `maskDecoder`, but for `image_embedding` itself.
 * Source: efficient_sam/efficient_sam_decoder.py, two_way_transformer.py and predict_masks of efficient_sam.py, which has not
 * sorted the masks since commit 610b0fd: the authors' example sorts what it returns.
 */
export function referenceMaskDecoder(config: DecoderConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("decoder");
  const root: Module = { graph, checkpoint, path: "" };
  const { embedding, grid } = config;
  const image = graph.input("image_embedding", [1, embedding, grid, grid]);
  const tokens = promptTokens(root, config);
  const repeated = forEveryPrompt(graph, image, countPrompts(graph, tokens), [embedding, grid, grid]);
  const keys = transpose(graph, reshape(graph, repeated, ["prompts", embedding, grid * grid]), [0, 2, 1]);

  const decoder = child(root, "mask_decoder");
  const start = { tokens, image: keys };
  const attended = referenceTransformer(child(decoder, "transformer"), start, config, efficientSamDecoder);
  const upscaled = referenceUpscaling(decoder, { tokens: attended.keys }, config, efficientSamDecoder);
  const ofMasks = slice(graph, attended.queries, 1, 1, outputTokens);
  const kernels = Array.from({ length: maskTokens }, (_, i) => {
    const token = reshape(graph, slice(graph, ofMasks, 1, i, i + 1), ["prompts", embedding]);
    const mlp = child(decoder, `output_hypernetworks_mlps.${i}`);
    const kernel = referenceHead(mlp, token, [embedding, embedding, embedding, embedding / 8], efficientSamDecoder);
    return graph.op("Unsqueeze", [kernel, graph.ints([1])]);
  });
  const masks = referenceMasks(decoder, kernels, upscaled, config);
  const iouToken = reshape(graph, slice(graph, attended.queries, 1, 0, 1), ["prompts", embedding]);
  const iouWidths = [embedding, config.iouHead, config.iouHead, maskTokens];
  const iou = referenceHead(child(decoder, "iou_prediction_head"), iouToken, iouWidths, efficientSamDecoder);

  const returned = (all: GraphValue) => slice(graph, all, 1, maskTokens - efficientSamDecoder.masks, maskTokens);
  graph.output("low_res_masks", returned(masks));
  graph.output("iou_predictions", returned(iou));
  return graph.finish();
}
