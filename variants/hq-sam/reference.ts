import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import {
  add,
  child,
  concat,
  conv2d,
  GraphBuilder,
  type Module,
  slice,
  transpose,
  weight,
} from "../../harness/onnx/index.ts";
import { type DecoderConfig, maskTokens } from "../sam-decoder/config.ts";
import { exportedGelu, exportedLayerNorm2d } from "../sam-decoder/exported.ts";
import { decoderName, type MaskPrompts } from "../sam-decoder/maskDecoder.ts";
import { referenceAttendedPrompts, referenceIou, referenceKernels } from "../sam-decoder/reference/reference.ts";
import { referenceMasks, referenceUpscaling } from "../sam-decoder/reference/referenceHeads.ts";
import { earlyTokens, type HqSamConfig, hqSamDecoder } from "./config.ts";

/**
 * Builds the HQ features operator for operator as PyTorch exports the published code, as a graph that runs once an image:
 * `image_embedding` and `interm_embedding_0` → `hq_features`, with the shapes of ./hqFeatures.ts.
 * Source: forward of segment_anything/modeling/mask_decoder_hq.py.
 */
export function referenceFeatures({ decoder: config, earlyWidth }: HqSamConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("decoder-image");
  const decoder: Module = { graph, checkpoint, path: "mask_decoder" };
  const { embedding, grid } = config;
  const image = graph.input("image_embedding", [1, embedding, grid, grid]);
  const early = transpose(graph, graph.input(earlyTokens, [1, grid, grid, earlyWidth]), [0, 3, 1, 2]);
  const ofImage = raised(child(decoder, "embedding_encoder"), image, [embedding, embedding / 4, embedding / 8]);
  const ofEarly = raised(child(decoder, "compress_vit_feat"), early, [earlyWidth, embedding, embedding / 8]);
  graph.output("hq_features", add(graph, ofImage, ofEarly));
  return graph.finish();
}

function raised(module: Module, x: GraphValue, [inputs, middle, outputs]: readonly [number, number, number]) {
  const { graph } = module;
  const deconvolve = (name: string, values: GraphValue, from: number, to: number) => {
    const layer = child(module, name);
    const weights = [weight(layer, "weight", [from, to, 2, 2]), weight(layer, "bias", [to])];
    return graph.op("ConvTranspose", [values, ...weights], { kernel_shape: [2, 2], strides: [2, 2] });
  };
  const normalised = exportedLayerNorm2d(child(module, "1"), deconvolve("0", x, inputs, middle), middle);
  return deconvolve("3", exportedGelu(graph, normalised), middle, outputs);
}

/**
 * Builds HQ-SAM's mask decoder operator for operator as PyTorch exports the published code. Inputs and outputs are those of
 * ./maskDecoder.ts, but for `image_embedding` itself.
 * Source: predict_masks of segment_anything/modeling/mask_decoder_hq.py.
 */
export function referenceMaskDecoder(
  { decoder: config }: HqSamConfig,
  checkpoint: Checkpoint,
  prompts: MaskPrompts,
): OnnxGraph {
  const graph = new GraphBuilder(decoderName(prompts));
  const root: Module = { graph, checkpoint, path: "" };
  const { embedding, grid } = config;
  const features = graph.input("hq_features", [1, embedding / 8, 4 * grid, 4 * grid]);
  const { queries, keys } = referenceAttendedPrompts(root, config, prompts, hqSamDecoder);
  const decoder = child(root, "mask_decoder");
  const upscaled = referenceUpscaling(decoder, { tokens: keys }, config, hqSamDecoder);
  const fine = add(graph, maskFeatures(child(decoder, "embedding_maskfeature"), upscaled, config), features);
  const ofSam = Array.from({ length: maskTokens }, (_, i) => `output_hypernetworks_mlps.${i}`);
  const kernels = referenceKernels(decoder, { queries, mlps: [...ofSam, "hf_mlp"] }, config, hqSamDecoder);
  const samMasks = referenceMasks(decoder, kernels.slice(0, maskTokens), upscaled, config);
  const hqMask = referenceMasks(decoder, kernels.slice(maskTokens), fine, config);
  graph.output("low_res_masks", concat(graph, [samMasks, hqMask], 1));
  const iouToken = slice(graph, queries, 1, 0, 1);
  graph.output("iou_predictions", referenceIou(decoder, iouToken, config, hqSamDecoder));
  return graph.finish();
}

/** Convolves SAM's upscaled pixels twice, with a norm and GELU between: [prompts, embedding / 8, 4 grid, 4 grid] → the same. */
function maskFeatures(steps: Module, upscaled: GraphValue, { embedding }: DecoderConfig): GraphValue {
  const narrow = embedding / 8;
  const wide = embedding / 4;
  const by3 = { kernel: 3, padding: 1, bias: "with bias" } as const;
  const mixed = conv2d(child(steps, "0"), upscaled, { ...by3, inputs: narrow, outputs: wide });
  const activated = exportedGelu(steps.graph, exportedLayerNorm2d(child(steps, "1"), mixed, wide));
  return conv2d(child(steps, "3"), activated, { ...by3, inputs: wide, outputs: narrow });
}
