import type { GraphValue } from "../../harness/api.ts";
import {
  add,
  child,
  linear,
  type Module,
  mul,
  product,
  reshape,
  slice,
  take,
  transpose,
  weight,
} from "../../harness/onnx/index.ts";
import { type DecoderConfig, maskTokens as maskTokenCount } from "../sam-decoder/config.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { childProduct, stacked } from "../sam-decoder/maskHeads.ts";
import { returnedMasks } from "./config.ts";

/** Hidden layers, each with GELU, of the IoU head and of each hypernetwork; an output map follows. */
export const hiddenLayers = 2;

/** IoU token [prompts, 1, embedding] → one predicted IoU for each returned mask, [prompts, 3], in the order of the mask tokens. */
export function predictedIou(decoder: Module, token: GraphValue, { embedding, iouHead }: DecoderConfig): GraphValue {
  const { graph } = decoder;
  const head = child(decoder, "iou_prediction_head");
  let x = token;
  for (let i = 0; i < hiddenLayers; i++) {
    const layer = child(head, `layers.${i}.0`);
    const hidden = product(layer, x, { inputs: i === 0 ? embedding : iouHead, outputs: iouHead });
    x = graph.op("BiasGelu", [hidden, weight(layer, "bias", [iouHead])]);
  }
  const all = linear(child(head, "fc"), x, { inputs: iouHead, outputs: maskTokenCount });
  const multimask = slice(graph, all, 2, maskTokenCount - returnedMasks, maskTokenCount);
  return reshape(graph, multimask, ["prompts", returnedMasks]);
}

/**
 * [prompts, 3, embedding] tokens of the returned masks and [prompts, grid², embedding] image tokens →
 * [prompts, 3, 4 grid, 4 grid], in the order of the tokens. A 2 x 2 transposed convolution of stride 2 is a product that gives
 * each token four children; channels stay last, and pixels find their place once, at the end, on three channels.
 */
export function upscaledMasks(
  decoder: Module,
  maskTokens: GraphValue,
  image: GraphValue,
  { embedding, grid }: DecoderConfig,
): GraphValue {
  const { graph } = decoder;
  const upscaling = child(decoder, "final_output_upscaling_layers");
  const half = embedding / 4;
  const quarter = embedding / 8;
  const places = grid * grid;
  const first = childProduct(child(upscaling, "0.0"), image, embedding, half);
  const spread = reshape(graph, add(graph, first.product, first.bias), ["prompts", 4 * places, half]);
  const normalised = groupNormGelu(child(upscaling, "0.1"), spread, half);
  const second = childProduct(child(upscaling, "1.0"), normalised, half, quarter);
  const pixels = reshape(graph, graph.op("BiasGelu", [second.product, second.bias]), ["prompts", 16 * places, quarter]);

  const kernels = hypernetworks(decoder, maskTokens, embedding, quarter);
  const masks = graph.op("FusedMatMul", [kernels, pixels], { transB: 1 });
  const cells = reshape(graph, masks, ["prompts", returnedMasks * grid, grid, 2, 2, 2, 2]);
  const dims = ["prompts", returnedMasks, 4 * grid, 4 * grid];
  return reshape(graph, transpose(graph, cells, [0, 1, 3, 5, 2, 4, 6]), dims);
}

/**
 * GELU of the norm over all places and channels of a prompt (one group), which has a weight and a bias a channel. Means are
 * taken of each place's channels first: one running sum over a million values would lose digits.
 */
function groupNormGelu(norm: Module, x: GraphValue, channels: number): GraphValue {
  const { graph } = norm;
  const mean = (each: GraphValue) => graph.op("ReduceMean", [each, graph.ints([1])], { keepdims: 1 });
  const within = (operator: "ReduceMean" | "ReduceSumSquare", each: GraphValue) =>
    graph.op(operator, [each, graph.ints([2])], { keepdims: 1 });
  const centred = graph.op("Sub", [x, mean(within("ReduceMean", x))]);
  const variance = graph.op("Div", [mean(within("ReduceSumSquare", centred)), graph.number(channels)]);
  const deviation = graph.op("Sqrt", [add(graph, variance, graph.number(epsilons.groupNorm))]);
  const scaled = mul(graph, centred, graph.op("Div", [weight(norm, "weight", [channels]), deviation]));
  return graph.op("BiasGelu", [scaled, weight(norm, "bias", [channels])]);
}

/**
 * Each returned mask's token through its own MLP, all three as one batch of products: [prompts, 3, outputs]. The first
 * token's mask is never returned, so its MLP is not run; the token itself takes part in attention.
 */
function hypernetworks(decoder: Module, tokens: GraphValue, embedding: number, outputs: number): GraphValue {
  const { graph } = decoder;
  const layers = [...Array.from({ length: hiddenLayers }, (_, i) => `layers.${i}.0`), "fc"];
  const mlp = (token: number, layer: string) => child(decoder, `output_hypernetworks_mlps.${token}.${layer}`);
  const returned = Array.from({ length: returnedMasks }, (_, i) => maskTokenCount - returnedMasks + i);
  let x = transpose(graph, tokens, [1, 0, 2]);
  for (const layer of layers) {
    const width = layer === "fc" ? outputs : embedding;
    const each = (name: string, dims: readonly number[]) =>
      returned.map((token) => take(mlp(token, layer), name, dims));
    graph.withoutEffect(take(mlp(0, layer), "weight", [width, embedding]));
    graph.withoutEffect(take(mlp(0, layer), "bias", [width]));
    const matrices = stacked(decoder, each("weight", [width, embedding]), [returnedMasks, width, embedding]);
    const biases = stacked(decoder, each("bias", [width]), [returnedMasks, 1, width]);
    x = add(graph, graph.op("FusedMatMul", [x, matrices], { transB: 1 }), biases);
    if (layer !== "fc") x = graph.op("Gelu", [x]);
  }
  return transpose(graph, x, [1, 0, 2]);
}
