import type { GraphValue } from "../../../harness/api.ts";
import { add, concat, type GraphBuilder, reshape, slice, transpose } from "../../../harness/onnx/index.ts";
import { type WindowLayout, windowOrder } from "../../sam/windows.ts";

/** Windows that a stage's blocks work on: their tokens form a shorter stream, and index lists lead there and back. */
export interface KeptWindows {
  readonly layout: WindowLayout;
  /** Token of each row of the shorter stream. */
  readonly ids: GraphValue;
  /** Row that each of the image's tokens has in the whole stream with the shorter stream behind it. */
  readonly back: GraphValue;
  /** [grid, grid]: 1 for a token of a kept window. */
  readonly map: GraphValue;
}

/**
 * Ranks windows by importance, the most important first, and returns as many as are ever kept: int64 [most]. A token's
 * importance is the mean of |x|, a window's the L2 norm of its tokens', padding tokens counting as zeros.
 * Source: SparseViT, mmdet/models/backbones/swin.py of its authors. The sum of squares orders as its root does.
 */
export function rankWindows(graph: GraphBuilder, stream: GraphValue, grid: WindowGrid, most: number): GraphValue {
  const importance = graph.op("ReduceMean", [graph.op("Abs", [stream]), graph.ints([2])], { keepdims: 0 });
  const zero = graph.constant("importance.padding", "float32", [1, 1], () => new Float32Array(1));
  const places = placesByWindow(graph, grid);
  const byWindow = graph.op("Gather", [concat(graph, [importance, zero], 1), places], { axis: 1 });
  const squares = graph.op("ReduceSumSquare", [byWindow, graph.ints([0, 2])], { keepdims: 0 });
  return graph.ops("TopK", [squares, graph.ints([most])], { axis: 0, largest: 1, sorted: 1 }, { outputs: 2 })[1]!;
}

/** The windows of a square of tokens. */
export interface WindowGrid {
  /** Tokens along the image's side; `window` counts them along a window's side. */
  readonly grid: number;
  readonly window: number;
  /** Place in the stream of each token, row by row; left out where the stream goes row by row. */
  readonly numbers?: readonly number[];
}

/**
 * Keeps the first `count` of the ranked windows. All index lists together are a few thousand integers, which cost nothing
 * beside one block.
 */
export function keepWindows(graph: GraphBuilder, ranked: GraphValue, square: WindowGrid, count: number): KeptWindows {
  const { grid, window } = square;
  const all = grid * grid;
  const area = window * window;
  const chosen = ranked.dims[0] === count ? ranked : slice(graph, ranked, 0, 0, count);
  const tokens = mostTokens(grid, window, count);
  const ofPlaces = graph.op("Gather", [placesByWindow(graph, square), chosen], { axis: 0 });
  const flat = reshape(graph, ofPlaces, [count * area]);
  const ids = tokens < count * area ? firstIds(graph, flat, tokens) : flat;

  // Row of each of the image's tokens in the shorter stream; `tokens` for one that is not there, the padding token among them.
  const absent = filled(graph, all + 1, tokens);
  const written = graph.op("ScatterElements", [absent, ids, counting(graph, tokens)], { axis: 0 });
  const rows = slice(graph, written, 0, 0, all);
  const places = graph.op("Gather", [concat(graph, [rows, graph.ints([tokens])], 0), flat], { axis: 0 });

  const anyToken = graph.op("Min", [places, graph.ints([tokens - 1])]);
  const queries = transpose(graph, reshape(graph, anyToken, [count, area]), [1, 0]);
  const placeOf = graph.op("ScatterElements", [filled(graph, tokens + 1, 0), places, counting(graph, count * area)], {
    axis: 0,
  });
  const kept = graph.op("Less", [rows, graph.ints([tokens])]);
  return {
    layout: {
      windows: count,
      tokens,
      places,
      queries: reshape(graph, queries, [count * area]),
      restore: slice(graph, placeOf, 0, 0, tokens),
    },
    ids: graph.op("Min", [ids, graph.ints([all - 1])]),
    back: graph.op("Where", [kept, add(graph, rows, graph.ints([all])), counting(graph, all)]),
    map: reshape(graph, graph.op("Cast", [rowByRow(graph, kept, square)], { to: 1 }), [grid, grid]),
  };
}

function rowByRow(graph: GraphBuilder, tokens: GraphValue, { numbers }: WindowGrid): GraphValue {
  return numbers === undefined ? tokens : graph.op("Gather", [tokens, graph.ints(numbers)], { axis: 0 });
}

/** Returns the kept tokens alone. */
export function gather(graph: GraphBuilder, stream: GraphValue, { ids }: Pick<KeptWindows, "ids">): GraphValue {
  return graph.op("Gather", [stream, ids], { axis: 1 });
}

/** Returns the whole stream with the kept tokens replaced. */
export function scatter(
  graph: GraphBuilder,
  stream: GraphValue,
  kept: GraphValue,
  { back }: Pick<KeptWindows, "back">,
): GraphValue {
  return graph.op("Gather", [concat(graph, [stream, kept], 1), back], { axis: 1 });
}

/**
 * Returns the most tokens that `count` windows can have. Windows at the image's far sides are partly padding, which needs no
 * work outside attention. Where windows have fewer tokens the padding token fills up, and nobody reads its row.
 */
export function mostTokens(grid: number, window: number, count: number): number {
  const sides = Array.from({ length: Math.ceil(grid / window) }, (_, i) => Math.min(window, grid - i * window));
  const sizes = sides.flatMap((rows) => sides.map((columns) => rows * columns)).sort((a, b) => b - a);
  return sizes.slice(0, count).reduce((sum, size) => sum + size, 0);
}

/** Returns the lowest ids, which are those of tokens: the padding token's id is the highest. */
function firstIds(graph: GraphBuilder, ids: GraphValue, count: number): GraphValue {
  return graph.ops("TopK", [ids, graph.ints([count])], { axis: 0, largest: 0, sorted: 1 }, { outputs: 2 })[0]!;
}

/** Returns the token of each place, window by window: int64 [windows, area]. */
function placesByWindow(graph: GraphBuilder, { grid, window, numbers }: WindowGrid): GraphValue {
  const order = windowOrder(grid, window).map((token) => numbers?.[token] ?? token);
  return reshape(graph, graph.ints(order), [Math.ceil(grid / window) ** 2, window * window]);
}

function filled(graph: GraphBuilder, count: number, value: number): GraphValue {
  return graph.ints(new Array<number>(count).fill(value));
}

function counting(graph: GraphBuilder, count: number): GraphValue {
  return graph.ints(Array.from({ length: count }, (_, i) => i));
}
