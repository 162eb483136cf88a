import type { GraphValue } from "../../harness/api.ts";
import type { GraphBuilder } from "../../harness/onnx/index.ts";

/**
 * Resizes [batch, channels, rows, columns] to other rows and columns as PyTorch exports F.interpolate's bicubic: a = -0.75,
 * corners that are not aligned, no antialiasing.
 */
export function exportedBicubic(
  graph: GraphBuilder,
  x: GraphValue,
  [rows, columns]: readonly [number, number],
): GraphValue {
  const [batch, channels] = x.dims as [number, number];
  return graph.op("Resize", [x, undefined, undefined, graph.ints([batch, channels, rows, columns])], {
    mode: "cubic",
    coordinate_transformation_mode: "pytorch_half_pixel",
    cubic_coeff_a: { float: -0.75 },
    nearest_mode: "floor",
  });
}
