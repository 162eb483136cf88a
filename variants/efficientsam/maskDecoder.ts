import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import {
  add,
  addAndNorm,
  child,
  concat,
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
import { type DecoderConfig, outputTokens, transformerDepth } from "../sam-decoder/config.ts";
import { crossSizes, imageToToken, outputBias, tokenToImage } from "../sam-decoder/crossAttention.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { imagePositions } from "../sam-decoder/promptEncoder.ts";
import { returnedMasks } from "./config.ts";
import { predictedIou, upscaledMasks } from "./maskHeads.ts";
import { promptTokens } from "./promptEncoder.ts";
import { sharedTokenToImage } from "./sharedAttention.ts";

/**
 * What all prompts of an image share, computed once an image: `image_embedding` [1, embedding, grid, grid] →
 * `image_tokens` and `image_tokens_with_positions` [grid², embedding].
 */
export function decoderImage({ embedding, grid, ...rest }: DecoderConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("decoder-image");
  const root: Module = { graph, checkpoint, path: "" };
  const image = graph.input("image_embedding", [1, embedding, grid, grid]);
  const tokens = transpose(graph, reshape(graph, image, [embedding, grid * grid]), [1, 0]);
  graph.output("image_tokens", tokens);
  const positions = imagePositions(root, { embedding, grid, ...rest });
  graph.output("image_tokens_with_positions", add(graph, tokens, positions));
  return graph.finish();
}

/**
 * EfficientSAM's prompt encoder and mask decoder for a batch of prompts: `point_coords`, `point_labels` and the two outputs
 * of `decoderImage` → `low_res_masks` [prompts, 3, 4 grid, 4 grid] and `iou_predictions` [prompts, 3], in the order of the mask tokens.
 * Source: efficient_sam/efficient_sam_decoder.py and two_way_transformer.py; ./referenceDecoder.ts has them operator for operator.
 */
export function maskDecoder(config: DecoderConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("decoder");
  const root: Module = { graph, checkpoint, path: "" };
  const places = config.grid ** 2;
  const keys = graph.input("image_tokens", [places, config.embedding]);
  const keysWithPositions = graph.input("image_tokens_with_positions", [places, config.embedding]);
  const tokens = promptTokens(root, config);

  const decoder = child(root, "mask_decoder");
  const { outputs, image } = twoWayTransformer(
    child(decoder, "transformer"),
    { tokens, keys, keysWithPositions },
    config,
  );
  const maskTokens = slice(graph, outputs, 1, 1, 1 + returnedMasks);
  graph.output("low_res_masks", upscaledMasks(decoder, maskTokens, image, config));
  graph.output("iou_predictions", predictedIou(decoder, slice(graph, outputs, 1, 0, 1), config));
  return graph.finish();
}

interface Tokens {
  readonly tokens: GraphValue;
  readonly keys: GraphValue;
  readonly keysWithPositions: GraphValue;
}

/**
 * Prompt tokens and image tokens attend to each other; the prompt tokens are their own positions. `outputs`
 * [prompts, 1 + 3, embedding] are the IoU token and those of the returned masks: the last attention is run for them alone.
 */
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
  const kept = withOutput(graph, queries);
  const own = withOutput(graph, tokens);
  const attended = tokenToImage(final, { queries: add(graph, kept, own), keys, keysWithPositions }, sizes);
  const norm = { width: config.embedding, epsilon: epsilons.twoWayTransformer, bias: outputBias(final, sizes) };
  return { outputs: addAndNorm(child(module, "norm_final_attn"), attended, kept, norm)[0], image: keys };
}

/** The tokens that something is read from: the IoU token and the last three mask tokens. */
function withOutput(graph: GraphBuilder, tokens: GraphValue): GraphValue {
  const masks = slice(graph, tokens, 1, outputTokens - returnedMasks, outputTokens);
  return concat(graph, [slice(graph, tokens, 1, 0, 1), masks], 1);
}

/**
 * Self attention, tokens to image, MLP, image to tokens: [queries, keys]. Unlike SAM's, self attention takes its values with
 * their positions, both are added to, and the first layer adds to its tokens as the others do.
 */
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
  const afterSelf = layerNorm(
    child(layer, "norm1"),
    add(graph, own, selfAttention(child(layer, "self_attn"), own, config)),
    norm,
  );

  const toImage = child(layer, "cross_attn_token_to_image");
  const seen = { queries: add(graph, afterSelf, tokens), keys, keysWithPositions };
  const looked = index === 0 ? sharedTokenToImage(toImage, seen, config) : tokenToImage(toImage, seen, sizes);
  const [mlpInput] = addAndNorm(child(layer, "norm2"), looked, afterSelf, {
    ...norm,
    bias: outputBias(toImage, sizes),
  });

  const hidden = product(child(layer, "mlp.layers.0.0"), mlpInput, { inputs: embedding, outputs: mlp });
  const activated = graph.op("BiasGelu", [hidden, weight(layer, "mlp.layers.0.0.bias", [mlp])]);
  const branch = product(child(layer, "mlp.fc"), activated, { inputs: mlp, outputs: embedding });
  const bias = weight(layer, "mlp.fc.bias", [embedding]);
  const [newQueries] = addAndNorm(child(layer, "norm3"), branch, mlpInput, { ...norm, bias });

  const update = imageToToken(
    child(layer, "cross_attn_image_to_token"),
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
  return reshape(graph, layerNorm(norm, sum, { width: embedding, epsilon: epsilons.twoWayTransformer }), [
    "prompts",
    grid * grid,
    embedding,
  ]);
}

/** Among the prompt tokens, at the embedding's full width. */
function selfAttention(module: Module, own: GraphValue, { embedding, heads }: DecoderConfig): GraphValue {
  const widths = { inputs: embedding, outputs: embedding };
  const inputs = ["q_proj", "k_proj", "v_proj"].map((name) => linear(child(module, name), own, widths));
  const attended = module.graph.op("MultiHeadAttention", inputs, { num_heads: heads });
  return linear(child(module, "out_proj"), attended, widths);
}
