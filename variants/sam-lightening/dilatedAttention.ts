import type { GraphValue } from "../../harness/api.ts";
import { concat, type Module } from "../../harness/onnx/index.ts";
import { gatherTokens, type Projected, project } from "../sam/attention.ts";
import { inverse, windowOrder } from "../sam/windows.ts";
import type { BlockAttention, Dilation } from "./config.ts";

/**
 * Computes a block's attention on normalised tokens [1, grid², width] → the same, before the output projection; keys and values
 * lack their bias, as in SAM's (`projectionBias` has the values'). Padding tokens that fill the last windows are zero before
 * the projection, as SAM's are, and take part.
 */
export function dilatedAttention(attn: Module, x: GraphValue, how: BlockAttention): GraphValue {
  const { graph } = attn;
  const { width, window } = how;
  if (window === undefined) return attendByOffset(attn, project(attn, x, x, width), how);
  const zero = graph.constant("window.padding", "float32", [1, 1, width], () => new Float32Array(width));
  return attendByOffset(attn, project(attn, x, concat(graph, [x, zero], 1), width), how);
}

/**
 * Attends within each offset of each segment. Queries are [1, grid², width]; keys and values are the same, or have a padding
 * token at the end. Segments and offsets are all of one length, so one gather makes all of them the batch of one attention, and
 * one puts the results back in their places.
 */
export function attendByOffset(module: Module, projected: Projected, how: BlockAttention): GraphValue {
  const { graph } = module;
  const { width, heads, grid, window, segment, rate } = how;
  const tokens = window === undefined ? Array.from({ length: grid * grid }, (_, i) => i) : windowOrder(grid, window);
  const order = offsetOrder(tokens.length, how).map((place) => tokens[place]!);
  const dims = [(order.length / segment) * rate, segment / rate, width];
  const last = grid * grid - 1;
  // Padding queries take the last token, since their results are dropped.
  const query = gatherTokens(module, projected.query, graph.ints(order.map((token) => Math.min(token, last))), dims);
  const key = gatherTokens(module, projected.key, graph.ints(order), dims);
  const value = gatherTokens(module, projected.value, graph.ints(order), dims);
  const scale = { float: 1 / Math.sqrt(width / heads) };
  const attended = graph.op("MultiHeadAttention", [query, key, value], { num_heads: heads, scale });
  const inOrder = graph.op("Reshape", [attended, graph.ints([1, order.length, width])]);
  return gatherTokens(module, inOrder, graph.ints(inverse(order, grid * grid)), [1, grid * grid, width]);
}

/** Returns the places of a sequence, segment by segment and within each segment offset by offset. */
export function offsetOrder(places: number, { segment, rate }: Dilation): number[] {
  if (places % segment !== 0 || segment % rate !== 0)
    throw new Error(`${places} tokens do not fall into segments of ${segment} and these into ${rate} offsets`);
  const size = segment / rate;
  return Array.from({ length: places }, (_, i) => {
    const group = Math.floor(i / size);
    const at = i % size;
    return Math.floor(group / rate) * segment + (group % rate) + at * rate;
  });
}
