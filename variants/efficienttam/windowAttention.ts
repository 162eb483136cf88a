import type { GraphValue } from "../../harness/api.ts";
import { concat, type GraphBuilder, type Module, reshape } from "../../harness/onnx/index.ts";
import { attend, gatherTokens, project } from "../sam/attention.ts";
import { inverse, windowOrder } from "../sam/windows.ts";
import type { EfficientTamConfig } from "./config.ts";

/** Places of tokens in windows, as int64 index lists. */
interface Windows {
  readonly windows: number;
  /** Some windows of the image reach over its edge. */
  readonly padded: boolean;
  /** [windows * area]: token of each place, window by window; the number of tokens names the padding that follows them. */
  readonly places: GraphValue;
  /** The same with any token in place of padding: what it asks for is dropped. */
  readonly queries: GraphValue;
  /** [tokens]: place of each token. */
  readonly restore: GraphValue;
}

/** Returns all windows of the image. */
export function allWindows(graph: GraphBuilder, { window, side, patch }: EfficientTamConfig): Windows {
  const grid = side / patch;
  const tokens = grid * grid;
  const order = windowOrder(grid, window);
  return {
    windows: order.length / window ** 2,
    padded: order.length > tokens,
    places: graph.ints(order),
    queries: graph.ints(order.map((token) => Math.min(token, tokens - 1))),
    restore: graph.ints(inverse(order, tokens)),
  };
}

/**
 * Computes attention within windows, those of the whole image or some of them, [1, tokens, width] → the same, before the output
 * projection. Windows that reach over the image's edge are filled up with tokens of zeros, as published, and these are attended
 * to. They are projected once, as one token more, and not once a place: their keys and values are the biases alone, which
 * `project` leaves out of all keys and values.
 */
export function windowAttention(
  attn: Module,
  x: GraphValue,
  { width, heads, window }: EfficientTamConfig,
  { windows, padded, places, queries, restore }: Windows,
): GraphValue {
  const { graph } = attn;
  const tokens = x.dims[1] as number;
  const area = window * window;
  const zero = graph.constant("window.padding", "float32", [1, 1, width], () => new Float32Array(width));
  const attendedTo = padded ? concat(graph, [x, zero], 1) : x;
  const { query, key, value } = project(attn, x, attendedTo, width);
  const dims = [windows, area, width];
  const within = attend(
    attn,
    {
      query: gatherTokens(attn, query, queries, dims),
      key: gatherTokens(attn, key, places, dims),
      value: gatherTokens(attn, value, places, dims),
    },
    { heads, headWidth: width / heads },
  );
  return gatherTokens(attn, reshape(graph, within, [1, windows * area, width]), restore, [1, tokens, width]);
}
