import type { GraphValue } from "../../harness/api.ts";
import {
  child,
  type GraphBuilder,
  linear,
  type Module,
  mul,
  product,
  reshape,
  softmax,
  take,
  transpose,
} from "../../harness/onnx/index.ts";
import type { DecoderConfig } from "./config.ts";
import { byHead, crossSizes, imageUpdate, mergeHeads, type Sizes, type TokenToImage } from "./crossAttention.ts";

/**
 * This file computes the cross attentions of the two-way transformer's first layer, where all prompts look at the same image tokens.
 * What these are projected to is the image's, and is computed once for all prompts. `crossAttention.ts` multiplies each prompt's
 * tokens with whole image tokens instead, which costs H T columns of the embedding's width a product: here they have the width of a head
 * or, for T tokens of all heads, half of the embedding's.
 * Source of what is computed: segment_anything/modeling/transformer.py, Attention.
 */

/** Holds what an image's tokens are projected to for the first layer. */
export interface ProjectedImage {
  /** Prompt tokens look for these keys: [heads, headWidth, places]. */
  readonly keys: GraphValue;
  /** They find these values there: [heads, places, headWidth]. */
  readonly values: GraphValue;
  /** The image looks at prompt tokens by these queries: [places, inner]. */
  readonly queries: GraphValue;
}

const names = { keys: "image_keys", values: "image_values", queries: "image_queries" } as const;

type ImageTokens = Pick<TokenToImage, "keys" | "keysWithPositions">;

/** Adds the projections of image tokens [places, embedding] as outputs of a graph. */
export function addProjections(root: Module, { keys, keysWithPositions }: ImageTokens, config: DecoderConfig): void {
  const { graph } = root;
  const { embedding, inner, heads, headWidth } = crossSizes(config);
  const widths = { inputs: embedding, outputs: inner };
  const byPlace = [config.grid ** 2, heads, headWidth];
  const toImage = child(root, `${firstLayer}.cross_attn_token_to_image`);
  const toTokens = child(root, `${firstLayer}.cross_attn_image_to_token`);
  const key = reshape(graph, product(child(toImage, "k_proj"), keysWithPositions, widths), byPlace);
  const value = reshape(graph, product(child(toImage, "v_proj"), keys, widths), byPlace);
  graph.output(names.keys, transpose(graph, key, [1, 2, 0]));
  graph.output(names.values, transpose(graph, value, [1, 0, 2]));
  graph.output(names.queries, linear(child(toTokens, "q_proj"), keysWithPositions, widths));
}

const firstLayer = "mask_decoder.transformer.layers.0";

/** Adds the projections as inputs of a graph. */
export function projectionInputs(graph: GraphBuilder, config: DecoderConfig): ProjectedImage {
  const { inner, heads, headWidth } = crossSizes(config);
  const places = config.grid ** 2;
  return {
    keys: graph.input(names.keys, [heads, headWidth, places]),
    values: graph.input(names.values, [heads, places, headWidth]),
    queries: graph.input(names.queries, [places, inner]),
  };
}

/** Lets prompt tokens [prompts, tokens, embedding] look at the image, as `tokenToImage` does. */
export function tokenToProjected(module: Module, queries: GraphValue, image: ProjectedImage, sizes: Sizes): GraphValue {
  const { graph } = module;
  const { embedding, inner, headWidth } = sizes;
  const query = byHead(module, linear(child(module, "q_proj"), queries, { inputs: embedding, outputs: inner }), sizes);
  // The keys' bias adds the same to all scores of a query, and softmax does not see it.
  graph.withoutEffect(take(child(module, "k_proj"), "bias", [inner]));
  const scores = graph.op("FusedMatMul", [query, image.keys], { alpha: { float: 1 / Math.sqrt(headWidth) } });
  const attended = transpose(graph, graph.op("MatMul", [softmax(graph, scores), image.values]), [0, 2, 1, 3]);
  const merged = reshape(graph, attended, ["prompts", queries.dims[1]!, inner]);
  return product(child(module, "out_proj"), merged, { inputs: inner, outputs: embedding });
}

interface Looked {
  /** [prompts, tokens, embedding] */
  readonly queries: GraphValue;
  readonly queriesWithPositions: GraphValue;
}

/**
 * Lets the image look at the prompt tokens, as `imageToToken` does. The keys of a head are zero in the columns of the others, so that
 * one product has the scores of all heads side by side.
 */
export function projectedToToken(module: Module, looked: Looked, image: ProjectedImage, sizes: Sizes): GraphValue {
  const { graph } = module;
  const { queries, queriesWithPositions } = looked;
  const { embedding, inner, heads, headWidth } = sizes;
  const tokens = queries.dims[1]!;
  const places = image.queries.dims[0]!;
  const key = linear(child(module, "k_proj"), queriesWithPositions, { inputs: embedding, outputs: inner });
  const apart = mul(graph, reshape(graph, key, ["prompts", 1, tokens, inner]), headColumns(graph, sizes));
  const scores = graph.op("FusedMatMul", [image.queries, mergeHeads(module, apart)], {
    transB: 1,
    alpha: { float: 1 / Math.sqrt(headWidth) },
  });
  const perHead = reshape(graph, scores, ["prompts", places, heads, tokens]);
  return imageUpdate(module, { scores: perHead, queries }, sizes);
}

/** Returns 1 in the columns of each head and 0 elsewhere: [heads, 1, inner]. */
function headColumns(graph: GraphBuilder, { inner, heads, headWidth }: Sizes): GraphValue {
  return graph.constant("columns of heads", "float32", [heads, 1, inner], () =>
    Float32Array.from({ length: heads * inner }, (_, i) =>
      Math.floor(i / inner) === Math.floor((i % inner) / headWidth) ? 1 : 0,
    ),
  );
}
