import type { GraphValue } from "../../harness/api.ts";
import type { GraphBuilder } from "../../harness/onnx/index.ts";

/**
 * Places of tokens in windows, as int64 index lists. They are constants for the whole image; a graph that decides while it runs
 * which windows it works on computes them.
 */
export interface WindowLayout {
  readonly windows: number;
  readonly tokens: number;
  /** [windows * area]: token of each place, window by window; `tokens` names the padding token that follows them. */
  readonly places: GraphValue;
  /** [area * windows], position by position across the windows; padding places name any token, since their results are dropped. */
  readonly queries: GraphValue;
  /** [tokens]: place of each token. */
  readonly restore: GraphValue;
}

/** Returns the layout of all windows of the image. */
export function wholeImage(graph: GraphBuilder, grid: number, window: number): WindowLayout {
  const order = windowOrder(grid, window);
  const tokens = grid * grid;
  return {
    windows: order.length / window ** 2,
    tokens,
    places: graph.ints(order),
    queries: graph.ints(positionOrder(order, window * window, tokens)),
    restore: graph.ints(inverse(order, tokens)),
  };
}

/** Returns the token of each place, window by window; `grid²` names the padding token that follows the image's own. */
export function windowOrder(grid: number, window: number): number[] {
  const across = Math.ceil(grid / window);
  return Array.from({ length: (across * window) ** 2 }, (_, place) => {
    const inside = place % (window * window);
    const index = Math.floor(place / (window * window));
    const row = Math.floor(index / across) * window + Math.floor(inside / window);
    const column = (index % across) * window + (inside % window);
    return row < grid && column < grid ? row * grid + column : grid * grid;
  });
}

/** Reorders [windows][area] to [area][windows]; padding queries take the last token. */
function positionOrder(order: readonly number[], area: number, tokens: number): number[] {
  const windows = order.length / area;
  return order.map((_, i) => Math.min(order[(i % windows) * area + Math.floor(i / windows)]!, tokens - 1));
}

/** Returns the place of each token. */
export function inverse(order: readonly number[], tokens: number): number[] {
  const places = new Array<number>(tokens).fill(0);
  for (const [place, token] of order.entries()) if (token < tokens) places[token] = place;
  return places;
}
