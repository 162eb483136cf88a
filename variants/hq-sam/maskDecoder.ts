import type { Checkpoint, OnnxGraph } from "../../harness/api.ts";
import { child, concat, GraphBuilder, type Module, slice } from "../../harness/onnx/index.ts";
import { maskTokens } from "../sam-decoder/config.ts";
import { attendedPrompts, decoderName, type MaskPrompts } from "../sam-decoder/maskDecoder.ts";
import { hypernetworks, placedMasks, predictedIou, upscaledPixels } from "../sam-decoder/maskHeads.ts";
import { type HqSamConfig, hqSamDecoder } from "./config.ts";
import { hqMask } from "./hqMask.ts";

/**
 * Builds SAM's prompt encoder and mask decoder with the HQ token behind its own: the inputs of SAM's decoder and `hq_features` →
 * `low_res_masks` [prompts, 5, 4 grid, 4 grid], SAM's four masks and the HQ mask, and `iou_predictions` [prompts, 4] of SAM's.
 * Source: predict_masks of segment_anything/modeling/mask_decoder_hq.py; ./reference.ts has it operator for operator.
 */
export function maskDecoder({ decoder: config }: HqSamConfig, checkpoint: Checkpoint, prompts: MaskPrompts): OnnxGraph {
  const graph = new GraphBuilder(decoderName(prompts));
  const root: Module = { graph, checkpoint, path: "" };
  const decoder = child(root, "mask_decoder");
  const { embedding, grid } = config;
  const features = graph.input("hq_features", [1, embedding / 8, 4 * grid, 4 * grid]);
  const { queries, image } = attendedPrompts(root, config, prompts, hqSamDecoder);
  const pixels = upscaledPixels(decoder, { image }, config, hqSamDecoder);
  const tokens = slice(graph, queries, 1, 1, 2 + maskTokens);
  const kernels = hypernetworks(decoder, tokens, [embedding, embedding / 8], hqSamDecoder, ["hf_mlp"]);
  const ofSam = slice(graph, kernels, 1, 0, maskTokens);
  const ofHq = slice(graph, kernels, 1, maskTokens, maskTokens + 1);
  const masks = placedMasks(decoder, { kernels: ofSam, pixels, masks: maskTokens }, config);
  graph.output("low_res_masks", concat(graph, [masks, hqMask(decoder, { kernel: ofHq, pixels, features }, config)], 1));
  graph.output("iou_predictions", predictedIou(decoder, slice(graph, queries, 1, 0, 1), config, hqSamDecoder));
  return graph.finish();
}
