import type { GraphValue, Weight } from "../../harness/api.ts";
import { type Module, take } from "../../harness/onnx/index.ts";

/**
 * Weights of SAM's decomposed relative positions: the score of query (row, column) against key (row', column') gains q ·
 * rel_pos_h[row - row' + side - 1] + q · rel_pos_w[column - column' + side - 1].
 * Source: segment_anything/modeling/image_encoder.py, get_rel_pos and add_decomposed_rel_pos.
 */
interface RelativePositions {
  readonly rows: Weight;
  readonly columns: Weight;
  /** Tokens along the attended square's side. */
  readonly side: number;
  readonly headWidth: number;
}

export function relativePositions(module: Module, side: number, headWidth: number): RelativePositions {
  const dims = [2 * side - 1, headWidth];
  return { rows: take(module, "rel_pos_h", dims), columns: take(module, "rel_pos_w", dims), side, headWidth };
}

/**
 * Returns [side, headWidth, side]: for each query row (or column) it holds the matrix that turns a query into its terms for all
 * keys.
 */
export function axisTable(
  module: Module,
  { side, headWidth, ...axes }: RelativePositions,
  axis: "rows" | "columns",
): GraphValue {
  const weight = axes[axis];
  return module.graph.derived({
    name: `${weight.name}.table`,
    dims: [side, headWidth, side],
    from: [weight],
    compute: (table) => {
      const result = new Float32Array(side * headWidth * side);
      for (let query = 0; query < side; query++)
        for (let channel = 0; channel < headWidth; channel++)
          for (let key = 0; key < side; key++)
            result[(query * headWidth + channel) * side + key] = table[(query - key + side - 1) * headWidth + channel]!;
      return result;
    },
  });
}

/**
 * Returns [side * side, headWidth, 2 side]: row terms and column terms together, for each query position of a window. The
 * values are divided by `scale`, which the attention operator multiplies onto every score.
 */
export function windowTable(module: Module, positions: RelativePositions, scale: number): GraphValue {
  const { side, headWidth, rows, columns } = positions;
  return module.graph.derived({
    name: `${rows.name}+rel_pos_w.table`,
    dims: [side * side, headWidth, 2 * side],
    from: [rows, columns],
    compute: (rowTable, columnTable) => {
      const result = new Float32Array(side * side * headWidth * 2 * side);
      let at = 0;
      for (let position = 0; position < side * side; position++)
        for (let channel = 0; channel < headWidth; channel++) {
          const row = Math.floor(position / side);
          const column = position % side;
          for (let key = 0; key < side; key++)
            result[at++] = rowTable![(row - key + side - 1) * headWidth + channel]! / scale;
          for (let key = 0; key < side; key++)
            result[at++] = columnTable![(column - key + side - 1) * headWidth + channel]! / scale;
        }
      return result;
    },
  });
}
