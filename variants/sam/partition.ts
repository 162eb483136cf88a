import type { GraphValue } from "../../harness/api.ts";
import { type GraphBuilder, reshape, slice, transpose } from "../../harness/onnx/index.ts";

interface Sides {
  /** Tokens along the image's side. */
  readonly grid: number;
  /** Tokens along a window's side. */
  readonly window: number;
}

/**
 * Cuts [1, grid, grid, width] into windows, as published code does: zeros fill the windows that reach over the image's edge.
 * Returns [windows, …dims, width]; `dims` are those of a window's tokens, one row of them if left out.
 */
export function partition(
  graph: GraphBuilder,
  x: GraphValue,
  { grid, window }: Sides,
  dims: readonly number[] = [window * window],
): GraphValue {
  const across = Math.ceil(grid / window);
  const width = x.dims[3] as number;
  const missing = across * window - grid;
  const padded = missing === 0 ? x : graph.op("Pad", [x, graph.ints([0, 0, 0, 0, 0, missing, missing, 0])]);
  const tiles = reshape(graph, padded, [1, across, window, across, window, width]);
  return reshape(graph, transpose(graph, tiles, [0, 1, 3, 2, 4, 5]), [across * across, ...dims, width]);
}

/** Puts the windows of `partition` together again, without what fills them up: [1, grid, grid, width]. */
export function unpartition(graph: GraphBuilder, windows: GraphValue, { grid, window }: Sides): GraphValue {
  const across = Math.ceil(grid / window);
  const width = windows.dims.at(-1) as number;
  const tiles = reshape(graph, windows, [1, across, across, window, window, width]);
  const side = across * window;
  const padded = reshape(graph, transpose(graph, tiles, [0, 1, 3, 2, 4, 5]), [1, side, side, width]);
  return side === grid ? padded : slice(graph, slice(graph, padded, 1, 0, grid), 2, 0, grid);
}
