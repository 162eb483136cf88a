import type { GraphValue } from "../api.ts";
import type { GraphBuilder } from "../onnx/index.ts";

/** Adds one uint8 number, of rank 0. */
export function byte(graph: GraphBuilder, value: number): GraphValue {
  return graph.constant(`byte[${value}]`, "uint8", [], () => Uint8Array.of(value));
}
