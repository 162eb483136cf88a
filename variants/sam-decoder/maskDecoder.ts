import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import {
  add,
  addAndNorm,
  child,
  GraphBuilder,
  layerNorm,
  linear,
  type Module,
  product,
  reshape,
  slice,
  transpose,
  weight,
} from "../../harness/onnx/index.ts";
import { type DecoderConfig, maskTokens, transformerDepth } from "./config.ts";
import { crossSizes, imageToToken, outputBias, tokenToImage } from "./crossAttention.ts";
import { epsilons } from "./epsilons.ts";
import { iouHead, upscaledMasks } from "./maskHeads.ts";
import {
  imagePositions,
  maskInput,
  maskTokensOf,
  noMaskEmbedding,
  promptInputs,
  promptTokens,
} from "./promptEncoder.ts";

/**
 * What all prompts of an image share, computed once an image: `image_embedding` [1, embedding, grid, grid] →
 * `image_tokens` and `image_tokens_with_positions` [grid², embedding], the "no mask" embedding added.
 */
export function decoderImage(config: DecoderConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("decoder-image");
  const root: Module = { graph, checkpoint, path: "" };
  const { embedding, grid } = config;
  const image = graph.input("image_embedding", [1, embedding, grid, grid]);
  const tokens = transpose(graph, reshape(graph, image, [embedding, grid * grid]), [1, 0]);
  const keys = add(graph, tokens, noMaskEmbedding(root, config));
  graph.output("image_tokens", keys);
  graph.output("image_tokens_with_positions", add(graph, keys, imagePositions(root, config)));
  return graph.finish();
}

/** Whether prompts bring low-res logits of an earlier prediction. */
export type MaskPrompts = "points and boxes" | "points, boxes and a mask";

/**
 * SAM's prompt encoder and mask decoder for a batch of prompts of one length: `point_coords` [prompts, points, 2],
 * `point_labels` [prompts, points], perhaps `mask_input` [prompts, 1, 4 grid, 4 grid], and the two outputs of `decoderImage`
 * → `low_res_masks` [prompts, 4, 4 grid, 4 grid] and `iou_predictions` [prompts, 4], single-mask token first.
 * Source: segment_anything/modeling/mask_decoder.py and transformer.py; ./reference.ts has them operator for operator.
 */
export function maskDecoder(config: DecoderConfig, checkpoint: Checkpoint, prompts: MaskPrompts): OnnxGraph {
  const graph = new GraphBuilder(prompts === "points and boxes" ? "decoder" : "decoder-mask");
  const root: Module = { graph, checkpoint, path: "" };
  const places = config.grid ** 2;
  let keys = graph.input("image_tokens", [places, config.embedding]);
  let keysWithPositions = graph.input("image_tokens_with_positions", [places, config.embedding]);
  const tokens = promptTokens(root, promptInputs(root), config);
  if (prompts === "points, boxes and a mask") {
    const dense = maskTokensOf(root, config, maskInput(root, config));
    [keys, keysWithPositions] = [add(graph, keys, dense), add(graph, keysWithPositions, dense)];
  }

  const decoder = child(root, "mask_decoder");
  const { queries, image } = twoWayTransformer(
    child(decoder, "transformer"),
    { tokens, keys, keysWithPositions },
    config,
  );
  const iouToken = slice(graph, queries, 1, 0, 1);
  const masks = slice(graph, queries, 1, 1, 1 + maskTokens);
  graph.output("low_res_masks", upscaledMasks(decoder, masks, image, config));
  graph.output("iou_predictions", reshape(graph, iouHead(decoder, iouToken, config), ["prompts", maskTokens]));
  return graph.finish();
}

interface Tokens {
  readonly tokens: GraphValue;
  readonly keys: GraphValue;
  readonly keysWithPositions: GraphValue;
}

/** Prompt tokens and image tokens attend to each other; the prompt tokens are their own positions. */
function twoWayTransformer(module: Module, { tokens, ...start }: Tokens, config: DecoderConfig) {
  const { graph } = module;
  const sizes = crossSizes(config);
  const positions = imagePositions({ ...module, path: "" }, config);
  let queries = tokens;
  let keys = start.keys;
  let keysWithPositions = start.keysWithPositions;
  for (let i = 0; i < transformerDepth; i++) {
    const layer = child(module, `layers.${i}`);
    [queries, keys] = graph.within(layer.path, () =>
      twoWayLayer(layer, { queries, tokens, keys, keysWithPositions }, config, i),
    );
    keysWithPositions = add(graph, keys, positions);
  }
  const final = child(module, "final_attn_token_to_image");
  const attended = tokenToImage(final, { queries: add(graph, queries, tokens), keys, keysWithPositions }, sizes);
  const norm = { width: config.embedding, epsilon: epsilons.twoWayTransformer, bias: outputBias(final, sizes) };
  return { queries: addAndNorm(child(module, "norm_final_attn"), attended, queries, norm)[0], image: keys };
}

/** Self attention, tokens to image, MLP, image to tokens: [queries, keys]. */
function twoWayLayer(
  layer: Module,
  { queries, tokens, keys, keysWithPositions }: Tokens & { readonly queries: GraphValue },
  config: DecoderConfig,
  index: number,
): [GraphValue, GraphValue] {
  const { graph } = layer;
  const { embedding, mlp } = config;
  const sizes = crossSizes(config);
  const norm = { width: embedding, epsilon: epsilons.twoWayTransformer };
  const own = index === 0 ? queries : add(graph, queries, tokens);
  const attended = selfAttention(child(layer, "self_attn"), own, queries, config);
  // The first layer replaces the tokens by their attention, the others add to them.
  const afterSelf = layerNorm(child(layer, "norm1"), index === 0 ? attended : add(graph, queries, attended), norm);

  const toImage = child(layer, "cross_attn_token_to_image");
  const looked = tokenToImage(toImage, { queries: add(graph, afterSelf, tokens), keys, keysWithPositions }, sizes);
  const [mlpInput] = addAndNorm(child(layer, "norm2"), looked, afterSelf, {
    ...norm,
    bias: outputBias(toImage, sizes),
  });

  const hidden = graph.op("Relu", [linear(child(layer, "mlp.lin1"), mlpInput, { inputs: embedding, outputs: mlp })]);
  const branch = product(child(layer, "mlp.lin2"), hidden, { inputs: mlp, outputs: embedding });
  const bias = weight(layer, "mlp.lin2.bias", [embedding]);
  const [newQueries] = addAndNorm(child(layer, "norm3"), branch, mlpInput, { ...norm, bias });

  const toToken = child(layer, "cross_attn_image_to_token");
  const update = imageToToken(
    toToken,
    { keysWithPositions, queries: newQueries, queriesWithPositions: add(graph, newQueries, tokens) },
    sizes,
  );
  return [newQueries, normalisedImage(child(layer, "norm4"), update, keys, config)];
}

/**
 * norm(keys + update), as [prompts, places, embedding]. Summed as an image of rank 4, because the runtime would join a sum
 * and a norm of rank 3 into its SkipLayerNormalization, which takes several times as long as the two.
 */
function normalisedImage(
  norm: Module,
  update: GraphValue,
  keys: GraphValue,
  { embedding, grid }: DecoderConfig,
): GraphValue {
  const { graph } = norm;
  const image = (x: GraphValue) => reshape(graph, x, [x.dims.length === 2 ? 1 : "prompts", grid, grid, embedding]);
  const sum = add(graph, image(update), image(keys));
  const normalised = layerNorm(norm, sum, { width: embedding, epsilon: epsilons.twoWayTransformer });
  return reshape(graph, normalised, ["prompts", grid * grid, embedding]);
}

/** Among the prompt tokens, at the embedding's full width. */
function selfAttention(
  module: Module,
  own: GraphValue,
  values: GraphValue,
  { embedding, heads }: DecoderConfig,
): GraphValue {
  const { graph } = module;
  const widths = { inputs: embedding, outputs: embedding };
  const inputs = [
    linear(child(module, "q_proj"), own, widths),
    linear(child(module, "k_proj"), own, widths),
    linear(child(module, "v_proj"), values, widths),
  ];
  return linear(child(module, "out_proj"), graph.op("MultiHeadAttention", inputs, { num_heads: heads }), widths);
}
