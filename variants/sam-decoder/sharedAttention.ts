import type { GraphValue } from "../../harness/api.ts";
import { child, linear, type Module, product, reshape, softmax, take, transpose } from "../../harness/onnx/index.ts";
import type { DecoderConfig } from "./config.ts";
import { crossSizes, type TokenToImage } from "./crossAttention.ts";

/**
 * Computes `tokenToImage` for image tokens [places, embedding] that all prompts share, as they do in the first layer, and for
 * prompts of a fixed number of tokens. Returns [prompts, tokens, embedding] before the output's bias, which is `outputBias`.
 * The image is projected once a call, and each head's products take the tokens of all prompts as the rows of one matrix.
 * `tokenToImage` projects prompts onto the image instead, which costs each prompt 2 tokens x heads products of places x embedding.
 */
export function sharedTokenToImage(
  module: Module,
  { queries, keys, keysWithPositions }: TokenToImage,
  config: DecoderConfig,
): GraphValue {
  const { graph } = module;
  const { embedding, inner, heads, headWidth } = crossSizes(config);
  const places = keys.dims[0]!;
  const tokens = queries.dims[1] as number;
  const rows = `${tokens}*prompts`;
  const widths = { inputs: embedding, outputs: inner };
  const byHead = (x: GraphValue, first: number | string, order: readonly number[]) =>
    transpose(graph, reshape(graph, x, [first, heads, headWidth]), order);

  const query = byHead(linear(child(module, "q_proj"), queries, widths), rows, [1, 0, 2]);
  // The keys' bias adds the same to all scores of a query, and softmax does not see it.
  graph.withoutEffect(take(child(module, "k_proj"), "bias", [inner]));
  const key = byHead(product(child(module, "k_proj"), keysWithPositions, widths), places, [1, 2, 0]);
  const value = byHead(product(child(module, "v_proj"), keys, widths), places, [1, 0, 2]);
  const scores = graph.op("FusedMatMul", [query, key], { alpha: { float: 1 / Math.sqrt(headWidth) } });
  const attended = transpose(graph, graph.op("MatMul", [softmax(graph, scores), value]), [1, 0, 2]);
  const merged = reshape(graph, attended, ["prompts", tokens, inner]);
  return product(child(module, "out_proj"), merged, { inputs: inner, outputs: embedding });
}
