import type { Checkpoint, GraphValue, OnnxGraph } from "../../../harness/api.ts";
import {
  add,
  child,
  conv2d,
  GraphBuilder,
  type Module,
  reshape,
  slice,
  transpose,
  weight,
} from "../../../harness/onnx/index.ts";
import { type DecoderArchitecture, type DecoderConfig, maskTokens, samDecoder, tokenPlaces } from "../config.ts";
import { exportedGelu, exportedLayerNorm2d } from "../exported.ts";
import { decoderName, highResolutionMaps, type MaskPrompts } from "../maskDecoder.ts";
import { countPrompts, forEveryPrompt, promptInputs, promptTokens } from "../promptEncoder.ts";
import { referenceHead, referenceMasks, referenceUpscaling } from "./referenceHeads.ts";
import { referenceTransformer } from "./referenceTransformer.ts";

/**
 * Builds SAM's prompt encoder and mask decoder operator for operator as PyTorch exports the published code: the image embedding
 * is repeated for every prompt and projected for each. Inputs and outputs are those of `maskDecoder`, but for `image_embedding`
 * itself.
 * Source: segment_anything/modeling/prompt_encoder.py, mask_decoder.py, transformer.py.
 */
export function referenceMaskDecoder(
  config: DecoderConfig,
  checkpoint: Checkpoint,
  prompts: MaskPrompts,
  architecture: DecoderArchitecture = samDecoder,
): OnnxGraph {
  const graph = new GraphBuilder(decoderName(prompts));
  const root: Module = { graph, checkpoint, path: "" };
  const { queries, keys } = referenceAttendedPrompts(root, config, prompts, architecture);
  const decoder = child(root, "mask_decoder");
  const maps = architecture.upscaling.adds === "nothing" ? undefined : highResolutionMaps(graph, config);
  const upscaled = referenceUpscaling(decoder, { tokens: keys, maps }, config, architecture);
  const mlps = Array.from({ length: maskTokens }, (_, i) => `output_hypernetworks_mlps.${i}`);
  const kernels = referenceKernels(decoder, { queries, mlps }, config, architecture);
  const lowResLogits = referenceMasks(decoder, kernels, upscaled, config);
  graph.output("low_res_masks", lowResLogits);
  const places = tokenPlaces(architecture);
  const iouToken = slice(graph, queries, 1, places.iou, places.iou + 1);
  const scores = architecture.scores?.(decoder, { iouToken, lowResLogits }, config);
  graph.output("iou_predictions", scores ?? referenceIou(decoder, iouToken, config, architecture));
  if (places.objectScore !== undefined) {
    const { embedding } = config;
    const token = slice(graph, queries, 1, places.objectScore, places.objectScore + 1);
    const widths = [embedding, embedding, embedding, 1];
    const score = referenceHead(child(decoder, "pred_obj_score_head"), token, widths, architecture);
    graph.output("object_score_logits", reshape(graph, score, ["prompts"]));
    graph.output("mask_tokens", slice(graph, queries, 1, places.masks, places.masks + maskTokens));
  }
  return graph.finish();
}

/**
 * Adds the inputs of SAM's decoder, its prompt encoder and its transformer. Returns the learned tokens and the prompts' as
 * `queries` and the image tokens as `keys`: [prompts, tokens or places, embedding].
 */
export function referenceAttendedPrompts(
  root: Module,
  config: DecoderConfig,
  prompts: MaskPrompts,
  architecture: DecoderArchitecture,
): { readonly queries: GraphValue; readonly keys: GraphValue } {
  const { graph } = root;
  const { embedding, grid } = config;
  const image = graph.input("image_embedding", [1, embedding, grid, grid]);
  const inputs = promptInputs(root);
  const tokens = promptTokens(root, inputs, config, architecture);
  const encoder = child(root, "prompt_encoder");
  const dense =
    prompts === "points and boxes"
      ? reshape(graph, weight(encoder, "no_mask_embed.weight", [1, embedding]), [1, embedding, 1, 1])
      : downscaledMask(child(encoder, "mask_downscaling"), config);
  const repeated = forEveryPrompt(graph, image, countPrompts(graph, inputs.labels), [embedding, grid, grid]);
  const source = add(graph, repeated, dense);
  const keys = transpose(graph, reshape(graph, source, ["prompts", embedding, grid * grid]), [0, 2, 1]);
  const start = { tokens, image: keys };
  return referenceTransformer(child(root, "mask_decoder.transformer"), start, config, architecture);
}

interface MaskQueries {
  readonly queries: GraphValue;
  /** The MLP of each mask's token, by its name in the decoder: SAM's mask tokens and those that follow them. */
  readonly mlps: readonly string[];
}

/** Puts each mask's token through its own MLP: the masks' kernels, [prompts, 1, embedding / 8] each. */
export function referenceKernels(
  decoder: Module,
  { queries, mlps }: MaskQueries,
  { embedding }: DecoderConfig,
  architecture: DecoderArchitecture,
): readonly GraphValue[] {
  const widths = [embedding, embedding, embedding, embedding / 8];
  const { masks } = tokenPlaces(architecture);
  return mlps.map((mlp, i) => {
    const token = slice(decoder.graph, queries, 1, masks + i, masks + i + 1);
    return referenceHead(child(decoder, mlp), token, widths, architecture);
  });
}

/** Returns the predicted IoU of each of SAM's masks, [prompts, masks], from the IoU token [prompts, 1, embedding]. */
export function referenceIou(
  decoder: Module,
  token: GraphValue,
  { embedding, iouHead }: DecoderConfig,
  architecture: DecoderArchitecture,
): GraphValue {
  const widths = [embedding, iouHead, iouHead, maskTokens];
  const iou = referenceHead(child(decoder, "iou_prediction_head"), token, widths, architecture);
  const values = architecture.predictedIou === "linear" ? iou : decoder.graph.op("Sigmoid", [iou]);
  return reshape(decoder.graph, values, ["prompts", maskTokens]);
}

function downscaledMask(module: Module, { embedding, grid }: DecoderConfig): GraphValue {
  const { graph } = module;
  const mask = graph.input("mask_input", ["prompts", 1, 4 * grid, 4 * grid]);
  const step = (x: GraphValue, i: number, inputs: number, outputs: number) => {
    const mixed = conv2d(child(module, String(i)), x, { inputs, outputs, kernel: 2, stride: 2, bias: "with bias" });
    return exportedGelu(graph, exportedLayerNorm2d(child(module, String(i + 1)), mixed, outputs));
  };
  const last = { inputs: 16, outputs: embedding, kernel: 1, bias: "with bias" } as const;
  return conv2d(child(module, "6"), step(step(mask, 0, 1, 4), 3, 4, 16), last);
}
