import type { GraphValue } from "../../harness/api.ts";
import { concat, type Module, reshape } from "../../harness/onnx/index.ts";
import { attend, gatherTokens, project } from "../sam/attention.ts";
import { inverse, windowOrder } from "../sam/windows.ts";
import type { EfficientTamConfig } from "./config.ts";

/**
 * Computes attention within windows, [1, tokens, width] → the same, before the output projection. Windows that reach over the
 * image's edge are filled up with tokens of zeros, as published, and these are attended to. They are projected once, as one
 * token more, and not once a place: their keys and values are the biases alone, which `project` leaves out of all keys and values.
 */
export function windowAttention(
  attn: Module,
  x: GraphValue,
  { width, heads, window, side, patch }: EfficientTamConfig,
): GraphValue {
  const { graph } = attn;
  const grid = side / patch;
  const tokens = grid * grid;
  const area = window * window;
  const order = windowOrder(grid, window);
  const zero = graph.constant("window.padding", "float32", [1, 1, width], () => new Float32Array(width));
  const padded = order.length > tokens ? concat(graph, [x, zero], 1) : x;
  const { query, key, value } = project(attn, x, padded, width);
  // What padding tokens ask for is dropped, so any token's query takes their place.
  const queries = order.map((token) => Math.min(token, tokens - 1));
  const dims = [order.length / area, area, width];
  const within = attend(
    attn,
    {
      query: gatherTokens(attn, query, graph.ints(queries), dims),
      key: gatherTokens(attn, key, graph.ints(order), dims),
      value: gatherTokens(attn, value, graph.ints(order), dims),
    },
    { heads, headWidth: width / heads },
  );
  const places = graph.ints(inverse(order, tokens));
  return gatherTokens(attn, reshape(graph, within, [1, order.length, width]), places, [1, tokens, width]);
}
