import type { Geometry, GraphValue, MaskSpec } from "../../harness/api.ts";
import { upscaleLogits } from "../../harness/mask/index.ts";
import type { GraphBuilder } from "../../harness/onnx/index.ts";

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
 * Returns a column of one matrix, the weights of one row of a map in all rows of the grid: they are what the harness's own
 * bicubic interpolation makes of a map that is 1 in this row and 0 in the others, since the weights along a row sum to one.
 */
function columnOf(side: number, row: number, grid: number): Float32Array {
  const square = { height: grid, width: grid };
  const geometry: Geometry = { image: square, resized: square, offset: { x: 0, y: 0 }, frame: square };
  const spec: MaskSpec = { path: "direct", interpolation: "bicubic", threshold: ">0" };
  const map = new Float32Array(side * side).fill(1, row * side, (row + 1) * side);
  const resized = upscaleLogits(map, geometry, spec);
  return Float32Array.from({ length: grid }, (_, i) => resized[i * grid]!);
}
