import type { Checkpoint, Dim, GraphValue, OnnxGraph } from "../../harness/api.ts";
import {
  add,
  child,
  concat,
  GraphBuilder,
  layerNorm,
  type Module,
  mul,
  reshape,
  slice,
  softmax,
  take,
  transpose,
  weight,
} from "../../harness/onnx/index.ts";
import { type DecoderConfig, downsample, maskTokens, outputTokens, transformerDepth } from "../sam-decoder/config.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { exportedGelu, exportedLinear } from "../sam-decoder/exported.ts";
import { imagePositions } from "../sam-decoder/promptEncoder.ts";
import { returnedMasks } from "./config.ts";
import { hiddenLayers } from "./maskHeads.ts";
import { promptTokens } from "./promptEncoder.ts";

/**
 * EfficientSAM's prompt encoder and mask decoder operator for operator as PyTorch exports the published code: the image
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
  const batch = graph.op("Slice", [graph.op("Shape", [tokens]), ...[0, 1, 0].map((value) => graph.ints([value]))]);
  const ofBatch = (dims: readonly number[]) => concat(graph, [batch, graph.ints(dims)], 0);
  const dims: Dim[] = ["prompts", embedding, grid, grid];
  const repeated = graph.op("Expand", [image, ofBatch([embedding, grid, grid])], {}, { vouched: dims });
  const keys = transpose(graph, reshape(graph, repeated, ["prompts", embedding, grid * grid]), [0, 2, 1]);

  const decoder = child(root, "mask_decoder");
  const attended = referenceTransformer(child(decoder, "transformer"), tokens, keys, config);
  const upscaled = referenceUpscaling(child(decoder, "final_output_upscaling_layers"), attended.keys, config);
  const masks = referenceMasks(decoder, attended.queries, upscaled, config);
  const iouToken = reshape(graph, slice(graph, attended.queries, 1, 0, 1), ["prompts", embedding]);
  const iou = headMlp(child(decoder, "iou_prediction_head"), iouToken, [embedding, config.iouHead, maskTokens]);

  const returned = (all: GraphValue) => slice(graph, all, 1, maskTokens - returnedMasks, maskTokens);
  graph.output("low_res_masks", returned(masks));
  graph.output("iou_predictions", returned(iou));
  return graph.finish();
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
    const self = referenceAttention(child(layer, "self_attn"), [own, own, own], config, embedding);
    queries = norm("norm1", add(graph, own, self));
    const placed = [add(graph, queries, tokens), add(graph, keys, positions), keys] as const;
    const looked = referenceAttention(child(layer, "cross_attn_token_to_image"), placed, config);
    queries = norm("norm2", add(graph, queries, looked));
    const widths = { inputs: embedding, outputs: mlp };
    const hidden = exportedGelu(graph, exportedLinear(child(layer, "mlp.layers.0.0"), queries, widths));
    const branch = exportedLinear(child(layer, "mlp.fc"), hidden, { inputs: mlp, outputs: embedding });
    queries = norm("norm3", add(graph, queries, branch));
    const back = [add(graph, keys, positions), add(graph, queries, tokens), queries] as const;
    const update = referenceAttention(child(layer, "cross_attn_image_to_token"), back, config);
    keys = norm("norm4", add(graph, keys, update));
  }
  const placed = [add(graph, queries, tokens), add(graph, keys, positions), keys] as const;
  const final = referenceAttention(child(module, "final_attn_token_to_image"), placed, config);
  const norm = { width: embedding, epsilon: epsilons.twoWayTransformer };
  return { queries: layerNorm(child(module, "norm_final_attn"), add(graph, queries, final), norm), keys };
}

/** Of queries, keys and values; `inner` is the width that they are projected to. */
function referenceAttention(
  module: Module,
  [queries, keys, values]: readonly [GraphValue, GraphValue, GraphValue],
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

function referenceUpscaling(layers: Module, tokens: GraphValue, { embedding, grid }: DecoderConfig): GraphValue {
  const { graph } = layers;
  const image = reshape(graph, transpose(graph, tokens, [0, 2, 1]), ["prompts", embedding, grid, grid]);
  const deconvolve = (name: string, x: GraphValue, inputs: number, outputs: number) => {
    const layer = child(layers, name);
    const weights = [weight(layer, "weight", [inputs, outputs, 2, 2]), weight(layer, "bias", [outputs])];
    return graph.op("ConvTranspose", [x, ...weights], { kernel_shape: [2, 2], strides: [2, 2] });
  };
  const half = deconvolve("0.0", image, embedding, embedding / 4);
  const normalised = exportedGelu(graph, exportedGroupNorm(child(layers, "0.1"), half, embedding / 4));
  return exportedGelu(graph, deconvolve("1.0", normalised, embedding / 4, embedding / 8));
}

/** One group: an instance norm of everything, then a weight and a bias a channel. */
function exportedGroupNorm(norm: Module, x: GraphValue, channels: number): GraphValue {
  const { graph } = norm;
  const [rows, columns] = x.dims.slice(2) as [number, number];
  const one = graph.constant("ones[1]", "float32", [1], () => Float32Array.of(1));
  const none = graph.constant("zeros[1]", "float32", [1], () => Float32Array.of(0));
  const flat = reshape(graph, x, ["prompts", 1, channels * rows * columns]);
  const whole = graph.op("InstanceNormalization", [flat, one, none], { epsilon: { float: epsilons.groupNorm } });
  const perChannel = (name: string) => {
    const values = take(norm, name, [channels]);
    return graph.derived({ name: values.name, dims: [channels, 1, 1], from: [values], compute: (all) => all! });
  };
  const image = reshape(graph, whole, x.dims);
  return add(graph, mul(graph, image, perChannel("weight")), perChannel("bias"));
}

function referenceMasks(
  decoder: Module,
  queries: GraphValue,
  upscaled: GraphValue,
  { embedding, grid }: DecoderConfig,
): GraphValue {
  const { graph } = decoder;
  const quarter = embedding / 8;
  const tokens = slice(graph, queries, 1, 1, outputTokens);
  const kernels = Array.from({ length: maskTokens }, (_, i) => {
    const token = reshape(graph, slice(graph, tokens, 1, i, i + 1), ["prompts", embedding]);
    const kernel = headMlp(child(decoder, `output_hypernetworks_mlps.${i}`), token, [embedding, embedding, quarter]);
    return graph.op("Unsqueeze", [kernel, graph.ints([1])]);
  });
  const pixels = reshape(graph, upscaled, ["prompts", quarter, 16 * grid * grid]);
  const masks = graph.op("MatMul", [concat(graph, kernels, 1), pixels]);
  return reshape(graph, masks, ["prompts", maskTokens, 4 * grid, 4 * grid]);
}

/** Hidden layers with GELU, then the output map: widths are [input, hidden, output]. */
function headMlp(module: Module, token: GraphValue, [inputs, hidden, outputs]: readonly [number, number, number]) {
  let x = token;
  for (let i = 0; i < hiddenLayers; i++) {
    const widths = { inputs: i === 0 ? inputs : hidden, outputs: hidden };
    x = exportedGelu(module.graph, exportedLinear(child(module, `layers.${i}.0`), x, widths));
  }
  return exportedLinear(child(module, "fc"), x, { inputs: hidden, outputs });
}
