import type { GraphValue } from "../../../harness/api.ts";
import {
  add,
  child,
  type GraphBuilder,
  layerNorm,
  type Module,
  reshape,
  softmax,
  transpose,
} from "../../../harness/onnx/index.ts";
import { type DecoderArchitecture, type DecoderConfig, downsample, transformerDepth } from "../config.ts";
import { exportedActivation, exportedLinear } from "../exported.ts";
import { imagePositions } from "../promptEncoder.ts";

/**
 * Adds the two-way transformer, with each projection computed as published. Returns the prompt tokens as `queries` and the
 * image tokens as `keys`, [prompts, tokens or places, embedding].
 */
export function referenceTransformer(
  module: Module,
  { tokens, image }: { readonly tokens: GraphValue; readonly image: GraphValue },
  config: DecoderConfig,
  architecture: DecoderArchitecture,
) {
  const { graph } = module;
  const { embedding, mlp } = config;
  const positions = imagePositions({ ...module, path: "" }, config);
  let queries = tokens;
  let keys = image;
  for (let i = 0; i < transformerDepth; i++) {
    const layer = child(module, `layers.${i}`);
    const norm = (name: string, x: GraphValue) =>
      layerNorm(child(layer, name), x, { width: embedding, epsilon: architecture.layerNormEpsilon });
    const own = i === 0 ? queries : add(graph, queries, tokens);
    const values = architecture.selfAttention === "plain" ? queries : own;
    const self = referenceAttention(child(layer, "self_attn"), { queries: own, keys: own, values }, config, embedding);
    queries = norm("norm1", selfSum(graph, { queries, own, self, index: i }, architecture));
    const looked = referenceAttention(
      child(layer, "cross_attn_token_to_image"),
      { queries: add(graph, queries, tokens), keys: add(graph, keys, positions), values: keys },
      config,
    );
    queries = norm("norm2", add(graph, queries, looked));
    const [first, second] = architecture.mlp.layers;
    const wide = exportedLinear(child(layer, first), queries, { inputs: embedding, outputs: mlp });
    const hidden = exportedActivation(graph, wide, architecture.mlp.activation);
    const branch = exportedLinear(child(layer, second), hidden, { inputs: mlp, outputs: embedding });
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
  const norm = { width: embedding, epsilon: architecture.layerNormEpsilon };
  return { queries: layerNorm(child(module, "norm_final_attn"), add(graph, queries, final), norm), keys };
}

interface SelfSum {
  readonly queries: GraphValue;
  /** The queries with positions. */
  readonly own: GraphValue;
  /** The result of self attention. */
  readonly self: GraphValue;
  readonly index: number;
}

function selfSum(
  graph: GraphBuilder,
  { queries, own, self, index }: SelfSum,
  { selfAttention }: DecoderArchitecture,
): GraphValue {
  if (selfAttention === "with positions") return add(graph, own, self);
  return index === 0 ? self : add(graph, queries, self);
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
