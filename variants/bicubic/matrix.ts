import type { GraphValue } from "../../harness/api.ts";
import type { GraphBuilder } from "../../harness/onnx/index.ts";
import { stretched } from "./stretched.ts";

/**
 * Returns the matrices [grid, side] that resize columns of each of these sides to the grid as F.interpolate's bicubic does, side
 * by side: [grid, sum of sides].
 */
export function bicubicMatrix(graph: GraphBuilder, sides: readonly number[], grid: number): GraphValue {
  const width = sides.reduce((sum, side) => sum + side, 0);
  return graph.constant(`bicubic[${sides} to ${grid}]`, "float32", [grid, width], () => {
    const result = new Float32Array(grid * width);
    const columns = sides.flatMap((side) => Array.from({ length: side }, (_, column) => columnOf(side, column, grid)));
    for (const [column, values] of columns.entries())
      for (let row = 0; row < grid; row++) result[row * width + column] = values[row]!;
    return result;
  });
}

/**
 * Returns a column of one matrix, the weights of one row of a map in all rows of the grid: they are what bicubic interpolation
 * makes of a map that is 1 in this row and 0 in the others, since the weights along a row sum to one.
 */
function columnOf(side: number, row: number, grid: number): Float32Array {
  const resized = stretched(new Float32Array(side * side).fill(1, row * side, (row + 1) * side), grid);
  return Float32Array.from({ length: grid }, (_, i) => resized[i * grid]!);
}
