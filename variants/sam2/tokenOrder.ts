import type { GraphValue } from "../../harness/api.ts";
import type { GraphBuilder } from "../../harness/onnx/index.ts";
import { inverse, windowOrder } from "../sam/windows.ts";

/**
 * The fused encoder keeps the tokens of all stages nested: those of one token of the coarsest grid lie side by side, in
 * quarters of quarters. So the 2 x 2 tokens that are pooled, or that a coarser one is added to, are four in a row, and a window
 * of as many tokens as one coarsest token has is a run of tokens: nothing is moved where the published code cuts windows.
 * Values are [coarsest tokens, tokens in each, channels].
 */

/** Returns the row-major token, `row * grid + column`, at each place of the nested order. */
export function nestedOrder(grid: number, coarsest: number): number[] {
  const levels = Math.log2(grid / coarsest);
  return Array.from({ length: grid * grid }, (_, place) => {
    const cell = place >> (2 * levels);
    let row = Math.floor(cell / coarsest);
    let column = cell % coarsest;
    for (let level = levels - 1; level >= 0; level--) {
      const quarter = (place >> (2 * level)) & 3;
      row = 2 * row + (quarter >> 1);
      column = 2 * column + (quarter & 1);
    }
    return row * grid + column;
  });
}

/** Returns whether the tokens of a window lie side by side in the nested order. */
export function isRun(window: number | undefined, grid: number, coarsest: number): boolean {
  return window === grid / coarsest;
}

/** Places of nested tokens in windows, as int64 index lists. */
export interface NestedWindows {
  readonly windows: number;
  readonly area: number;
  /** Some windows of the image reach over its edge. */
  readonly padded: boolean;
  /** [windows * area]: token of each place, window by window; the number of tokens names the padding that follows them. */
  readonly places: GraphValue;
  /** The same with any token in place of padding, for queries, whose results are dropped there. */
  readonly queries: GraphValue;
  /** [tokens]: place of each token. */
  readonly restore: GraphValue;
}

/** Returns the windows of a grid of nested tokens. */
export function nestedWindows(graph: GraphBuilder, grid: number, window: number, coarsest: number): NestedWindows {
  const tokens = grid * grid;
  const nested = inverse(nestedOrder(grid, coarsest), tokens);
  const order = windowOrder(grid, window).map((token) => nested[token] ?? tokens);
  return {
    windows: order.length / window ** 2,
    area: window ** 2,
    padded: order.length > tokens,
    places: graph.ints(order),
    queries: graph.ints(order.map((token) => Math.min(token, tokens - 1))),
    restore: graph.ints(inverse(order, tokens)),
  };
}
