import type { GraphValue } from "../../harness/api.ts";
import {
  add,
  addAndNorm,
  child,
  concat,
  type GraphBuilder,
  layerNorm,
  linear,
  type Module,
  product,
  reshape,
  slice,
  weight,
} from "../../harness/onnx/index.ts";
import { type DecoderArchitecture, type DecoderConfig, maskTokens, tokenPlaces, transformerDepth } from "./config.ts";
import { crossSizes, imageToToken, outputBias, tokenToImage } from "./crossAttention.ts";
import { activatedLinear } from "./maskHeads.ts";
import { type ProjectedImage, projectedToToken, tokenToProjected } from "./projectedImage.ts";
import { imagePositions } from "./promptEncoder.ts";
import { sharedTokenToImage } from "./sharedAttention.ts";

interface Tokens {
  /** [prompts, tokens, embedding] of the prompt encoder. */
  readonly tokens: GraphValue;
  /** Image tokens: [places, embedding] shared by all prompts, or [prompts, places, embedding]. */
  readonly keys: GraphValue;
  /** Prompt tokens are compared with this: image tokens with positions, or what they are projected to. */
  readonly seen: GraphValue | ProjectedImage;
}

/**
 * Prompt tokens and image tokens attend to each other; the prompt tokens are their own positions. Returns the prompt tokens that
 * the last attention is run for (`fused.lastLook`), and the image tokens [prompts, places, embedding].
 */
export function twoWayTransformer(
  module: Module,
  { tokens, ...start }: Tokens,
  config: DecoderConfig,
  architecture: DecoderArchitecture,
): { readonly queries: GraphValue; readonly image: GraphValue } {
  const { graph } = module;
  const sizes = crossSizes(config);
  const positions = imagePositions({ ...module, path: "" }, config);
  let queries = tokens;
  let keys = start.keys;
  for (let i = 0; i < transformerDepth; i++) {
    const layer = child(module, `layers.${i}`);
    const seen = i === 0 ? start.seen : add(graph, keys, positions);
    [queries, keys] = graph.within(layer.path, () =>
      twoWayLayer(layer, { queries, tokens, keys, seen }, config, architecture, i),
    );
  }
  const keysWithPositions = add(graph, keys, positions);
  const final = child(module, "final_attn_token_to_image");
  const last = lastTokens(graph, queries, architecture);
  const own = lastTokens(graph, tokens, architecture);
  const attended = tokenToImage(final, { queries: add(graph, last, own), keys, keysWithPositions }, sizes);
  const norm = {
    width: config.embedding,
    epsilon: architecture.layerNormEpsilon,
    bias: outputBias(final, sizes),
  };
  return { queries: addAndNorm(child(module, "norm_final_attn"), attended, last, norm)[0], image: keys };
}

/** Selects the tokens that the last attention is run for: all, or the IoU token and the tokens of the returned masks. */
function lastTokens(graph: GraphBuilder, tokens: GraphValue, architecture: DecoderArchitecture): GraphValue {
  const { fused, masks } = architecture;
  if (fused.lastLook === "all tokens") return tokens;
  const { iou, all } = tokenPlaces(architecture);
  // Where all masks are returned, the learned tokens lie side by side.
  if (masks === maskTokens) return slice(graph, tokens, 1, 0, all);
  const returned = slice(graph, tokens, 1, all - masks, all);
  return concat(graph, [slice(graph, tokens, 1, 0, iou + 1), returned], 1);
}

/** One layer: self attention, tokens to image, MLP, image to tokens. Returns [queries, keys]. */
function twoWayLayer(
  layer: Module,
  { queries, tokens, keys, seen }: Tokens & { readonly queries: GraphValue },
  config: DecoderConfig,
  architecture: DecoderArchitecture,
  index: number,
): [GraphValue, GraphValue] {
  const { graph } = layer;
  const sizes = crossSizes(config);
  const norm = { width: config.embedding, epsilon: architecture.layerNormEpsilon };
  const own = index === 0 ? queries : add(graph, queries, tokens);
  const afterSelf = layerNorm(
    child(layer, "norm1"),
    selfAttended(child(layer, "self_attn"), { queries, own, index }, config, architecture),
    norm,
  );

  const toImage = child(layer, "cross_attn_token_to_image");
  const look = { queries: add(graph, afterSelf, tokens), keys, seen };
  const looked = lookedAtImage(toImage, look, config, architecture);
  const [mlpInput] = addAndNorm(child(layer, "norm2"), looked, afterSelf, {
    ...norm,
    bias: outputBias(toImage, sizes),
  });

  const { branch, bias } = mlp(layer, mlpInput, config, architecture);
  const [newQueries] = addAndNorm(child(layer, "norm3"), branch, mlpInput, { ...norm, bias });

  const toTokens = child(layer, "cross_attn_image_to_token");
  const attending = { queries: newQueries, queriesWithPositions: add(graph, newQueries, tokens) };
  const update = isProjected(seen)
    ? projectedToToken(toTokens, attending, seen, sizes)
    : imageToToken(toTokens, { keysWithPositions: seen, ...attending }, sizes);
  return [newQueries, normalisedImage(child(layer, "norm4"), update, keys, config, architecture)];
}

interface Look extends Omit<Tokens, "tokens"> {
  /** [prompts, tokens, embedding], positions added. */
  readonly queries: GraphValue;
}

/** Lets prompt tokens look at the image, by the projections that are there or in the architecture's way. */
function lookedAtImage(
  module: Module,
  { queries, keys, seen }: Look,
  config: DecoderConfig,
  { fused }: DecoderArchitecture,
): GraphValue {
  const sizes = crossSizes(config);
  if (isProjected(seen)) return tokenToProjected(module, queries, seen, sizes);
  const shared = keys.dims.length === 2;
  const look = { queries, keys, keysWithPositions: seen };
  return shared && fused.firstLook === "project the image"
    ? sharedTokenToImage(module, look, config)
    : tokenToImage(module, look, sizes);
}

function isProjected(seen: Tokens["seen"]): seen is ProjectedImage {
  return "queries" in seen;
}

interface SelfAttended {
  readonly queries: GraphValue;
  /** The queries with positions; in the first layer the queries are their own positions. */
  readonly own: GraphValue;
  readonly index: number;
}

/** Returns the prompt tokens after self attention, at the embedding's full width, and before their norm. */
function selfAttended(
  module: Module,
  { queries, own, index }: SelfAttended,
  { embedding, heads }: DecoderConfig,
  { selfAttention }: DecoderArchitecture,
): GraphValue {
  const { graph } = module;
  const widths = { inputs: embedding, outputs: embedding };
  const inputs = [
    linear(child(module, "q_proj"), own, widths),
    linear(child(module, "k_proj"), own, widths),
    linear(child(module, "v_proj"), selfAttention === "plain" ? queries : own, widths),
  ];
  const attended = graph.op("MultiHeadAttention", inputs, { num_heads: heads });
  const projected = linear(child(module, "out_proj"), attended, widths);
  if (selfAttention === "with positions") return add(graph, own, projected);
  return index === 0 ? projected : add(graph, queries, projected);
}

/** Returns the MLP's result without its last bias, and that bias, which the residual sum adds. */
function mlp(
  layer: Module,
  x: GraphValue,
  { embedding, mlp: hidden }: DecoderConfig,
  { mlp: { layers, activation } }: DecoderArchitecture,
): { readonly branch: GraphValue; readonly bias: GraphValue } {
  const [first, second] = layers;
  const activated = activatedLinear(child(layer, first), x, { inputs: embedding, outputs: hidden }, activation);
  const branch = product(child(layer, second), activated, { inputs: hidden, outputs: embedding });
  return { branch, bias: weight(layer, `${second}.bias`, [embedding]) };
}

/**
 * Returns norm(keys + update), as [prompts, places, embedding]. They are summed as an image of rank 4, because the runtime would
 * join a sum and a norm of rank 3 into its SkipLayerNormalization, which takes several times as long as the two.
 */
function normalisedImage(
  norm: Module,
  update: GraphValue,
  keys: GraphValue,
  { embedding, grid }: DecoderConfig,
  { layerNormEpsilon }: DecoderArchitecture,
): GraphValue {
  const { graph } = norm;
  const image = (x: GraphValue) => reshape(graph, x, [x.dims.length === 2 ? 1 : "prompts", grid, grid, embedding]);
  const sum = add(graph, image(update), image(keys));
  const normalised = layerNorm(norm, sum, { width: embedding, epsilon: layerNormEpsilon });
  return reshape(graph, normalised, ["prompts", grid * grid, embedding]);
}
