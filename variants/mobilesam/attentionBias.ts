import type { GraphValue } from "../../harness/api.ts";
import { type Module, take } from "../../harness/onnx/index.ts";

/**
 * Returns [1, heads, window², window²]: it holds what is added to the score of each query and key. A head has one learned
 * number for each distance in rows and columns, whatever the direction, so the table is gathered once, when the file is
 * written.
 * Source: Attention of mobile_sam/modeling/tiny_vit_sam.py.
 */
export function attentionBias(
  module: Module,
  { heads, window }: { readonly heads: number; readonly window: number },
): GraphValue {
  const area = window * window;
  const biases = take(module, "attention_biases", [heads, area]);
  return module.graph.derived({
    name: `${biases.name}.table`,
    dims: [1, heads, area, area],
    from: [biases],
    compute: (byDistance) => {
      const table = new Float32Array(heads * area * area);
      let at = 0;
      for (let head = 0; head < heads; head++)
        for (let query = 0; query < area; query++)
          for (let key = 0; key < area; key++) {
            const rows = Math.abs(Math.floor(query / window) - Math.floor(key / window));
            const columns = Math.abs((query % window) - (key % window));
            table[at++] = byDistance![head * area + rows * window + columns]!;
          }
      return table;
    },
  });
}
