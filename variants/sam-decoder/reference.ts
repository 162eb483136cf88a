import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
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
} from "../../harness/onnx/index.ts";
import { type DecoderArchitecture, type DecoderConfig, maskTokens, samDecoder } from "./config.ts";
import { exportedGelu, exportedLayerNorm2d } from "./exported.ts";
import type { MaskPrompts } from "./maskDecoder.ts";
import { countPrompts, forEveryPrompt, promptInputs, promptTokens } from "./promptEncoder.ts";
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
  const graph = new GraphBuilder(prompts === "points and boxes" ? "decoder" : "decoder-mask");
  const root: Module = { graph, checkpoint, path: "" };
  const { embedding, grid } = config;
  const image = graph.input("image_embedding", [1, embedding, grid, grid]);
  const inputs = promptInputs(root);
  const tokens = promptTokens(root, inputs, config);
  const encoder = child(root, "prompt_encoder");
  const dense =
    prompts === "points and boxes"
      ? reshape(graph, weight(encoder, "no_mask_embed.weight", [1, embedding]), [1, embedding, 1, 1])
      : downscaledMask(child(encoder, "mask_downscaling"), config);
  const repeated = forEveryPrompt(graph, image, countPrompts(graph, inputs.labels), [embedding, grid, grid]);
  const source = add(graph, repeated, dense);

  const decoder = child(root, "mask_decoder");
  const keys = transpose(graph, reshape(graph, source, ["prompts", embedding, grid * grid]), [0, 2, 1]);
  const start = { tokens, image: keys };
  const attended = referenceTransformer(child(decoder, "transformer"), start, config, architecture);
  const upscaled = referenceUpscaling(decoder, attended.keys, config, architecture);
  const kernels = Array.from({ length: maskTokens }, (_, i) => {
    const mlp = child(decoder, `output_hypernetworks_mlps.${i}`);
    const widths = [embedding, embedding, embedding, embedding / 8];
    return referenceHead(mlp, slice(graph, attended.queries, 1, 1 + i, 2 + i), widths, architecture);
  });
  const lowResLogits = referenceMasks(decoder, kernels, upscaled, config);
  graph.output("low_res_masks", lowResLogits);
  const iouToken = slice(graph, attended.queries, 1, 0, 1);
  const scores = architecture.scores?.(decoder, { iouToken, lowResLogits }, config);
  graph.output("iou_predictions", scores ?? referenceIou(decoder, iouToken, config, architecture));
  return graph.finish();
}

function referenceIou(
  decoder: Module,
  token: GraphValue,
  { embedding, iouHead }: DecoderConfig,
  architecture: DecoderArchitecture,
): GraphValue {
  const widths = [embedding, iouHead, iouHead, maskTokens];
  const iou = referenceHead(child(decoder, "iou_prediction_head"), token, widths, architecture);
  return reshape(decoder.graph, iou, ["prompts", maskTokens]);
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
