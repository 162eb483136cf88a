import type { Checkpoint, Dim, GraphValue, OnnxGraph } from "../../harness/api.ts";
import {
  add,
  child,
  concat,
  conv2d,
  GraphBuilder,
  layerNorm,
  type Module,
  reshape,
  slice,
  softmax,
  transpose,
  weight,
} from "../../harness/onnx/index.ts";
import { type DecoderConfig, downsample, maskTokens, transformerDepth } from "./config.ts";
import { epsilons } from "./epsilons.ts";
import { exportedGelu, exportedLayerNorm2d, exportedLinear } from "./exported.ts";
import type { MaskPrompts } from "./maskDecoder.ts";
import { imagePositions, promptInputs, promptTokens } from "./promptEncoder.ts";

/**
 * SAM's prompt encoder and mask decoder operator for operator as PyTorch exports the published code: the image embedding is
 * repeated for every prompt and projected for each. Inputs and outputs as `maskDecoder`, but `image_embedding` itself.
 * Source: segment_anything/modeling/prompt_encoder.py, mask_decoder.py, transformer.py.
 */
export function referenceMaskDecoder(config: DecoderConfig, checkpoint: Checkpoint, prompts: MaskPrompts): OnnxGraph {
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
  const batch = graph.op("Slice", [
    graph.op("Shape", [inputs.labels]),
    ...[0, 1, 0].map((value) => graph.ints([value])),
  ]);
  const shape = concat(graph, [batch, graph.ints([embedding, grid, grid])], 0);
  const repeated = graph.op("Expand", [image, shape], {}, { vouched: ["prompts", embedding, grid, grid] });
  const source = add(graph, repeated, dense);

  const decoder = child(root, "mask_decoder");
  const keys = transpose(graph, reshape(graph, source, ["prompts", embedding, grid * grid]), [0, 2, 1]);
  const attended = referenceTransformer(child(decoder, "transformer"), tokens, keys, config);
  const upscaled = referenceUpscaling(child(decoder, "output_upscaling"), attended.keys, config);
  graph.output("low_res_masks", referenceMasks(decoder, attended.queries, upscaled, config));
  const iouWidths = [embedding, config.iouHead, config.iouHead, maskTokens];
  const iou = headMlp(child(decoder, "iou_prediction_head"), slice(graph, attended.queries, 1, 0, 1), iouWidths);
  graph.output("iou_predictions", reshape(graph, iou, ["prompts", maskTokens]));
  return graph.finish();
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

function referenceTransformer(module: Module, tokens: GraphValue, image: GraphValue, config: DecoderConfig) {
  const { graph } = module;
  const { embedding, mlp } = config;
  const positions = imagePositions({ ...module, path: "" }, config);
  let queries = tokens;
  let keys = image;
  for (let i = 0; i < transformerDepth; i++) {
    const layer = child(module, `layers.${i}`);
    const norm = (name: string, x: GraphValue) =>
      layerNorm(child(layer, name), x, { width: embedding, epsilon: epsilons.twoWayTransformer });
    const own = i === 0 ? queries : add(graph, queries, tokens);
    const self = referenceAttention(
      child(layer, "self_attn"),
      { queries: own, keys: own, values: queries },
      config,
      embedding,
    );
    queries = norm("norm1", i === 0 ? self : add(graph, queries, self));
    const looked = referenceAttention(
      child(layer, "cross_attn_token_to_image"),
      { queries: add(graph, queries, tokens), keys: add(graph, keys, positions), values: keys },
      config,
    );
    queries = norm("norm2", add(graph, queries, looked));
    const hidden = graph.op("Relu", [
      exportedLinear(child(layer, "mlp.lin1"), queries, { inputs: embedding, outputs: mlp }),
    ]);
    const branch = exportedLinear(child(layer, "mlp.lin2"), hidden, { inputs: mlp, outputs: embedding });
    queries = norm("norm3", add(graph, queries, branch));
    const update = referenceAttention(
      child(layer, "cross_attn_image_to_token"),
      { queries: add(graph, keys, positions), keys: add(graph, queries, tokens), values: queries },
      config,
    );
    keys = norm("norm4", add(graph, keys, update));
  }
  const final = referenceAttention(
    child(module, "final_attn_token_to_image"),
    { queries: add(graph, queries, tokens), keys: add(graph, keys, positions), values: keys },
    config,
  );
  const norm = { width: embedding, epsilon: epsilons.twoWayTransformer };
  return { queries: layerNorm(child(module, "norm_final_attn"), add(graph, queries, final), norm), keys };
}

interface Attended {
  readonly queries: GraphValue;
  readonly keys: GraphValue;
  readonly values: GraphValue;
}

/** `inner` is the width that queries, keys and values are projected to. */
function referenceAttention(
  module: Module,
  { queries, keys, values }: Attended,
  { embedding, heads }: DecoderConfig,
  inner = embedding / downsample,
): GraphValue {
  const { graph } = module;
  const headWidth = inner / heads;
  const project = (name: string, x: GraphValue) => {
    const projected = exportedLinear(child(module, name), x, { inputs: embedding, outputs: inner });
    return transpose(graph, reshape(graph, projected, ["prompts", x.dims[1]!, heads, headWidth]), [0, 2, 1, 3]);
  };
  const query = project("q_proj", queries);
  const key = project("k_proj", keys);
  const value = project("v_proj", values);
  const products = graph.op("MatMul", [query, transpose(graph, key, [0, 1, 3, 2])]);
  const probabilities = softmax(graph, graph.op("Div", [products, graph.number(Math.sqrt(headWidth))]));
  const attended = transpose(graph, graph.op("MatMul", [probabilities, value]), [0, 2, 1, 3]);
  const merged = reshape(graph, attended, ["prompts", queries.dims[1]!, inner]);
  return exportedLinear(child(module, "out_proj"), merged, { inputs: inner, outputs: embedding });
}

function referenceUpscaling(module: Module, tokens: GraphValue, { embedding, grid }: DecoderConfig): GraphValue {
  const { graph } = module;
  const dims: Dim[] = ["prompts", embedding, grid, grid];
  const image = reshape(graph, transpose(graph, tokens, [0, 2, 1]), dims);
  const deconvolve = (name: string, x: GraphValue, inputs: number, outputs: number) => {
    const layer = child(module, name);
    const weights = [weight(layer, "weight", [inputs, outputs, 2, 2]), weight(layer, "bias", [outputs])];
    return graph.op("ConvTranspose", [x, ...weights], { kernel_shape: [2, 2], strides: [2, 2] });
  };
  const half = deconvolve("0", image, embedding, embedding / 4);
  const normalised = exportedGelu(graph, exportedLayerNorm2d(child(module, "1"), half, embedding / 4));
  return exportedGelu(graph, deconvolve("3", normalised, embedding / 4, embedding / 8));
}

function referenceMasks(
  decoder: Module,
  queries: GraphValue,
  upscaled: GraphValue,
  { embedding, grid }: DecoderConfig,
): GraphValue {
  const { graph } = decoder;
  const quarter = embedding / 8;
  const kernels = Array.from({ length: maskTokens }, (_, i) => {
    const mlp = child(decoder, `output_hypernetworks_mlps.${i}`);
    return headMlp(mlp, slice(graph, queries, 1, 1 + i, 2 + i), [embedding, embedding, embedding, quarter]);
  });
  const pixels = reshape(graph, upscaled, ["prompts", quarter, 16 * grid * grid]);
  const masks = graph.op("MatMul", [concat(graph, kernels, 1), pixels]);
  return reshape(graph, masks, ["prompts", maskTokens, 4 * grid, 4 * grid]);
}

function headMlp(module: Module, token: GraphValue, widths: readonly number[]): GraphValue {
  return widths.slice(1).reduce((x, outputs, i) => {
    const layer = exportedLinear(child(module, `layers.${i}`), x, { inputs: widths[i]!, outputs });
    return i + 2 < widths.length ? module.graph.op("Relu", [layer]) : layer;
  }, token);
}
