import type { GraphValue } from "../../../harness/api.ts";
import { concat, type GraphBuilder, slice } from "../../../harness/onnx/index.ts";

/** Rows of a stream [windows, tokens in each, width] in which each window is a row: some of them are kept. */
export interface KeptRows {
  /** Row of each kept window. */
  readonly ids: GraphValue;
  /** Row that each window has in the whole stream with the kept ones behind it. */
  readonly back: GraphValue;
  /** [windows]: 1 for a kept window. */
  readonly map: GraphValue;
}

/** Ranks the rows as `rankWindows` does windows, the most important first: int64 [most]. */
export function rankRows(graph: GraphBuilder, stream: GraphValue, most: number): GraphValue {
  const importance = graph.op("ReduceMean", [graph.op("Abs", [stream]), graph.ints([2])], { keepdims: 0 });
  const squares = graph.op("ReduceSumSquare", [importance, graph.ints([1])], { keepdims: 0 });
  return graph.ops("TopK", [squares, graph.ints([most])], { axis: 0, largest: 1, sorted: 1 }, { outputs: 2 })[1]!;
}

/** Keeps the first `count` of the ranked rows of `all`. */
export function keepRows(graph: GraphBuilder, ranked: GraphValue, all: number, count: number): KeptRows {
  const numbers = (length: number, from = 0) => graph.ints(Array.from({ length }, (_, i) => from + i));
  const ids = ranked.dims[0] === count ? ranked : slice(graph, ranked, 0, 0, count);
  const back = graph.op("ScatterElements", [numbers(all), ids, numbers(count, all)], { axis: 0 });
  const kept = graph.op("GreaterOrEqual", [back, graph.ints([all])]);
  return { ids, back, map: graph.op("Cast", [kept], { to: 1 }) };
}

export function gatherRows(graph: GraphBuilder, stream: GraphValue, { ids }: KeptRows): GraphValue {
  return graph.op("Gather", [stream, ids], { axis: 0 });
}

/** Returns the whole stream with the kept rows replaced. */
export function scatterRows(graph: GraphBuilder, stream: GraphValue, kept: GraphValue, { back }: KeptRows): GraphValue {
  return graph.op("Gather", [concat(graph, [stream, kept], 0), back], { axis: 0 });
}
