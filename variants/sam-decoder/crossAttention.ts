import type { GraphValue } from "../../harness/api.ts";
import {
  add,
  child,
  linear,
  type Module,
  product,
  reshape,
  softmax,
  take,
  transpose,
} from "../../harness/onnx/index.ts";
import { type DecoderConfig, downsample } from "./config.ts";
import { passedBias } from "./passedBias.ts";

/**
 * This file computes the two cross attentions of SAM's two-way transformer in another order of products than published. One
 * side has thousands of image tokens, the other a handful of prompt tokens; so each head's projection of the image side is
 * multiplied onto the prompt side instead: q · (k W) = (q W^T) · k. With T prompt tokens and H heads a product over the image
 * then costs H T columns (56 for a box) instead of embedding / 2 (128), and projected images are never stored.
 * Source of what is computed: segment_anything/modeling/transformer.py, Attention.
 */

export interface Sizes {
  readonly embedding: number;
  readonly heads: number;
  readonly inner: number;
  readonly headWidth: number;
}

export function crossSizes({ embedding, heads }: DecoderConfig): Sizes {
  const inner = embedding / downsample;
  return { embedding, heads, inner, headWidth: inner / heads };
}

export interface TokenToImage {
  /** [prompts, tokens, embedding], positions added. */
  readonly queries: GraphValue;
  /** [places, embedding] where all prompts share it, or [prompts, places, embedding]. */
  readonly keys: GraphValue;
  readonly keysWithPositions: GraphValue;
}

/**
 * Lets prompt tokens look at the image. Returns [prompts, tokens, embedding] before the output's bias, which is `outputBias`.
 */
export function tokenToImage(
  module: Module,
  { queries, keys, keysWithPositions }: TokenToImage,
  sizes: Sizes,
): GraphValue {
  const { graph } = module;
  const { embedding, inner, heads, headWidth } = sizes;
  const tokens = queries.dims[1]!;
  const projected = linear(child(module, "q_proj"), queries, { inputs: embedding, outputs: inner });
  // The keys' bias adds the same to all scores of a query, and softmax does not see it.
  graph.withoutEffect(take(child(module, "k_proj"), "bias", [inner]));
  const spread = graph.op("MatMul", [byHead(module, projected, sizes), headMatrices(child(module, "k_proj"), sizes)]);
  const flat = mergeHeads(module, spread);
  const scores = graph.op("FusedMatMul", [flat, keysWithPositions], {
    transB: 1,
    alpha: { float: 1 / Math.sqrt(headWidth) },
  });
  const gathered = graph.op("MatMul", [softmax(graph, scores), keys]);
  const perHead = reshape(graph, gathered, ["prompts", heads, tokens, embedding]);
  const values = graph.op("FusedMatMul", [perHead, headMatrices(child(module, "v_proj"), sizes)], { transB: 1 });
  const merged = reshape(graph, transpose(graph, values, [0, 2, 1, 3]), ["prompts", tokens, inner]);
  return product(child(module, "out_proj"), merged, { inputs: inner, outputs: embedding });
}

/**
 * Returns the output's bias with the values' bias folded in: softmax sums to one, so that the values' bias passes through
 * attention. Where heads share the result, each takes `part` of it.
 */
export function outputBias(module: Module, { embedding, inner }: Sizes, part = 1): GraphValue {
  const values = take(child(module, "v_proj"), "bias", [inner]);
  const matrix = take(child(module, "out_proj"), "weight", [embedding, inner]);
  const own = take(child(module, "out_proj"), "bias", [embedding]);
  return module.graph.derived({
    name: `${own.name}+v_proj.bias`,
    dims: [embedding],
    from: [values, matrix, own],
    compute: (bias, weights, output) => passedBias({ bias: bias!, matrix: weights!, own: output!, times: part }),
  });
}

interface ImageToToken {
  readonly keysWithPositions: GraphValue;
  /** [prompts, tokens, embedding] */
  readonly queries: GraphValue;
  readonly queriesWithPositions: GraphValue;
}

/** Lets the image look at the prompt tokens. Returns [prompts, places, embedding], the output's bias included. */
export function imageToToken(
  module: Module,
  { keysWithPositions, queries, queriesWithPositions }: ImageToToken,
  sizes: Sizes,
): GraphValue {
  const { graph } = module;
  const { embedding, inner, heads, headWidth } = sizes;
  const tokens = queries.dims[1]!;
  const places = keysWithPositions.dims.at(-2)!;
  const widths = { inputs: embedding, outputs: inner };
  const keys = byHead(module, linear(child(module, "k_proj"), queriesWithPositions, widths), sizes);
  const flatKeys = mergeHeads(module, graph.op("MatMul", [keys, headMatrices(child(module, "q_proj"), sizes)]));
  // The image's own query bias differs from token to token, so it stays: one number a head and token.
  const offset = graph.op("MatMul", [keys, queryBias(child(module, "q_proj"), sizes)]);
  const scores = graph.op("FusedMatMul", [keysWithPositions, flatKeys], {
    transB: 1,
    alpha: { float: 1 / Math.sqrt(headWidth) },
  });
  const perHead = reshape(graph, scores, ["prompts", places, heads, tokens]);
  const shifted = add(graph, perHead, reshape(graph, offset, ["prompts", 1, heads, tokens]));
  return imageUpdate(module, { scores: shifted, queries }, sizes);
}

interface ImageUpdate {
  /** [prompts, places, heads, tokens] */
  readonly scores: GraphValue;
  /** [prompts, tokens, embedding] */
  readonly queries: GraphValue;
}

/** Gives each place of the image the values of the prompt tokens by its scores. Returns [prompts, places, embedding]. */
export function imageUpdate(module: Module, { scores, queries }: ImageUpdate, sizes: Sizes): GraphValue {
  const { graph } = module;
  const { embedding, inner, heads } = sizes;
  const places = scores.dims[1]!;
  const values = byHead(
    module,
    product(child(module, "v_proj"), queries, { inputs: embedding, outputs: inner }),
    sizes,
  );
  const outputs = graph.op("MatMul", [values, outputMatrices(child(module, "out_proj"), sizes)]);
  // Each head's probabilities sum to one, so a head's share of the bias can ride on its few values.
  const withBias = add(graph, mergeHeads(module, outputs), outputBias(module, sizes, 1 / heads));
  const probabilities = reshape(graph, softmax(graph, scores), ["prompts", places, withBias.dims[1]!]);
  return graph.op("MatMul", [probabilities, withBias]);
}

/** [prompts, tokens, inner] → [prompts, heads, tokens, headWidth] */
export function byHead({ graph }: Module, x: GraphValue, { heads, headWidth }: Sizes): GraphValue {
  return transpose(graph, reshape(graph, x, ["prompts", x.dims[1]!, heads, headWidth]), [0, 2, 1, 3]);
}

/** [prompts, heads, tokens, width] → [prompts, heads * tokens, width] */
export function mergeHeads({ graph }: Module, x: GraphValue): GraphValue {
  const [prompts, heads, tokens, width] = x.dims;
  const rows = productOf(heads as number, tokens!);
  return reshape(graph, x, [prompts!, rows, width!]);
}

function productOf(heads: number, tokens: number | string): number | string {
  if (typeof tokens === "number") return heads * tokens;
  const points = /^points\+(\d+)$/.exec(tokens);
  if (points === null) throw new Error(`tokens are counted as points + n, not ${tokens}`);
  return `${heads}*points+${heads * Number(points[1])}`;
}

/** Returns a projection's weight [inner, embedding] head by head: [heads, headWidth, embedding]. */
function headMatrices(module: Module, { embedding, inner, heads, headWidth }: Sizes): GraphValue {
  const matrix = take(module, "weight", [inner, embedding]);
  const dims = [heads, headWidth, embedding];
  return module.graph.derived({ name: `${matrix.name}.heads`, dims, from: [matrix], compute: (values) => values! });
}

/** Returns the output projection's weight [embedding, inner] as [heads, headWidth, embedding]. */
function outputMatrices(module: Module, { embedding, inner, heads, headWidth }: Sizes): GraphValue {
  const matrix = take(module, "weight", [embedding, inner]);
  return module.graph.derived({
    name: `${matrix.name}.heads`,
    dims: [heads, headWidth, embedding],
    from: [matrix],
    compute: (values) => {
      const result = new Float32Array(values!.length);
      for (let row = 0; row < embedding; row++)
        for (let column = 0; column < inner; column++)
          result[column * embedding + row] = values![row * inner + column]!;
      return result;
    },
  });
}

/** Returns the queries' bias as [heads, headWidth, 1], multiplied by the scale of the scores. */
function queryBias(module: Module, { inner, heads, headWidth }: Sizes): GraphValue {
  const bias = take(module, "bias", [inner]);
  return module.graph.derived({
    name: `${bias.name}.scaled`,
    dims: [heads, headWidth, 1],
    from: [bias],
    compute: (values) => values!.map((value) => (value * 1) / Math.sqrt(headWidth)),
  });
}
