import type { GraphValue } from "../../harness/api.ts";
import { type GraphBuilder, type Module, reshape, slice, take, transpose } from "../../harness/onnx/index.ts";

interface Sides {
  /** Tokens along the image's side. */
  readonly grid: number;
  /** Tokens along a window's side. */
  readonly window: number;
}

/**
 * Cuts [1, grid, grid, width] into windows [windows, window², width]; zeros fill the windows that reach over the image's edge.
 */
export function partition(graph: GraphBuilder, x: GraphValue, { grid, window }: Sides): GraphValue {
  const across = Math.ceil(grid / window);
  const width = x.dims[3] as number;
  const missing = across * window - grid;
  const padded = missing === 0 ? x : graph.op("Pad", [x, graph.ints([0, 0, 0, 0, 0, missing, missing, 0])]);
  const tiles = reshape(graph, padded, [1, across, window, across, window, width]);
  return reshape(graph, transpose(graph, tiles, [0, 1, 3, 2, 4, 5]), [across * across, window * window, width]);
}

/** Puts windows [windows, window², width] together again: [1, grid, grid, width]. */
export function unpartition(graph: GraphBuilder, windows: GraphValue, { grid, window }: Sides): GraphValue {
  const across = Math.ceil(grid / window);
  const width = windows.dims[2] as number;
  const tiles = reshape(graph, windows, [1, across, across, window, window, width]);
  const side = across * window;
  const padded = reshape(graph, transpose(graph, tiles, [0, 1, 3, 2, 4, 5]), [1, side, side, width]);
  return side === grid ? padded : slice(graph, slice(graph, padded, 1, 0, grid), 2, 0, grid);
}

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
