import type { GraphValue } from "../../harness/api.ts";
import { type GraphBuilder, reshape } from "../../harness/onnx/index.ts";

/** Returns a map [grid, grid]: it has 1 for the image's tokens that `tokens`, int64 [n], names, and 0 for the others. */
export function keptMap(graph: GraphBuilder, tokens: GraphValue, grid: number): GraphValue {
  const count = tokens.dims[0] as number;
  const none = graph.constant("kept.none", "float32", [grid * grid], () => new Float32Array(grid * grid));
  const ones = graph.constant(`kept.${count}`, "float32", [count], () => new Float32Array(count).fill(1));
  return reshape(graph, graph.op("ScatterElements", [none, tokens, ones], { axis: 0 }), [grid, grid]);
}
