import type { GraphValue } from "../../harness/api.ts";
import { add, child, type Module, take } from "../../harness/onnx/index.ts";

/**
 * Attention of all tokens to all, [1, tokens, width], before the output projection: its bias is `projectionBias` of SAM's
 * attention. The runtime's operator goes through the scores in tiles, so no [heads, tokens, tokens] tensor is ever there.
 * Three products instead of one, since splitting a joint result costs a copy. The keys' bias adds the same number to all
 * scores of a query, and softmax does not see it; the values' bias passes through attention into the projection.
 * Source: efficient_sam/efficient_sam_encoder.py, Attention.
 */
export function globalAttention(attn: Module, x: GraphValue, width: number, heads: number): GraphValue {
  const { graph } = attn;
  const qkv = child(attn, "qkv");
  const matrix = take(qkv, "weight", [3 * width, width]);
  const bias = take(qkv, "bias", [3 * width]);
  const product = (i: number, name: string) => {
    const part = graph.derived({
      name: `${matrix.name}.${name}`,
      dims: [width, width],
      from: [matrix],
      compute: (joint) => joint!.subarray(i * width * width, (i + 1) * width * width),
    });
    return graph.op("FusedMatMul", [x, part], { transB: 1 });
  };
  const queryBias = graph.derived({
    name: `${bias.name}.query`,
    dims: [width],
    from: [bias],
    compute: (joint) => joint!.subarray(0, width),
  });
  const inputs = [add(graph, product(0, "query"), queryBias), product(1, "key"), product(2, "value")];
  return graph.op("MultiHeadAttention", inputs, { num_heads: heads, scale: { float: (width / heads) ** -0.5 } });
}
