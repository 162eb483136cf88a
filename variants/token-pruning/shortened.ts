import type { GraphValue } from "../../harness/api.ts";
import { add, concat, type GraphBuilder, reshape, slice } from "../../harness/onnx/index.ts";
import { rankTokens } from "../sam-tokens/ranking.ts";
import { groupOrder, type WindowGroup } from "../sam-tokens/windowGroups.ts";
import { keptCount, type PruningMethod } from "./presets.ts";

/** Windows of a group: the rows of each are its kept tokens, the best first, and after them one row for all others. */
interface ShortenedGroup {
  readonly windows: number;
  readonly rows: number;
}

/** A shorter stream: it has the kept tokens, and one for the others of each window. All tokens stand in group order. */
export interface Shortened {
  /** [1, rows, width] */
  readonly stream: GraphValue;
  readonly groups: readonly ShortenedGroup[];
  /** Place of each row in the image, int64 [rows]; a row that stands for others has the place of the best of them. */
  readonly places: GraphValue;
  /** Tokens of the image that are kept, int64. */
  readonly kept: GraphValue;
  /** Row that each token is in, int64 [tokens]. */
  readonly home: GraphValue;
  /** Values of the moment when the stream was shortened: [1, tokens, width] and [1, rows, width]. */
  readonly before: { readonly all: GraphValue; readonly rows: GraphValue };
}

/** Shortens `all`, [1, tokens, width], by the attention that each token received, [1, tokens]; others are weighted by theirs. */
export function shorten(
  graph: GraphBuilder,
  all: GraphValue,
  received: GraphValue,
  groups: readonly WindowGroup[],
  keepRate: number,
): Shortened {
  const width = all.dims[2] as number;
  const parts = rankTokens(graph, received, groups, (tokens) => tokens).map(({ rows, windows, count }) => {
    const best = keptCount(count, keepRate);
    const between = (from: number, to: number) =>
      reshape(graph, slice(graph, rows, 1, from, to), [windows * (to - from)]);
    const kept = between(0, best);
    const others = between(best, count);
    const gather = (x: GraphValue, at: GraphValue, dims: readonly number[]) =>
      reshape(graph, graph.op("Gather", [x, at], { axis: 1 }), dims);
    const tokens = gather(all, others, [windows, count - best, width]);
    const fused = weightedMean(graph, tokens, gather(received, others, [windows, 1, count - best]));
    const stream = concat(graph, [gather(all, kept, [windows, best, width]), fused], 1);
    return { windows, kept, places: between(0, best + 1), stream, rows: best + 1 };
  });
  const order = graph.ints(groupOrder(groups));
  const inImage = (rows: readonly GraphValue[]) => graph.op("Gather", [order, joined(graph, rows, 0)], { axis: 0 });
  const stream = joined(
    graph,
    parts.map((part) => reshape(graph, part.stream, [1, part.windows * part.rows, width])),
    1,
  );
  const kept = parts.map((part) => part.kept);
  return {
    stream,
    groups: parts,
    kept: inImage(kept),
    before: { all, rows: stream },
    places: inImage(parts.map(({ places }) => places)),
    home: homes(graph, joined(graph, kept, 0), groups, parts),
  };
}

/**
 * Returns all tokens again, [1, tokens, width]. EViT copies what stands for others back to each of them. Evo-ViT adds to each
 * what it gained: with weights that sum to one, summing up anew before every block would only add that gain to it.
 */
export function restore(graph: GraphBuilder, { stream, home, before }: Shortened, method: PruningMethod): GraphValue {
  if (method === "evit") return graph.op("Gather", [stream, home], { axis: 1 });
  const gained = graph.op("Sub", [stream, before.rows]);
  return add(graph, before.all, graph.op("Gather", [gained, home], { axis: 1 }));
}

/**
 * Returns the weighted mean of each window's tokens, [windows, 1, width]: the weights sum to one, since without training the
 * result has to have a token's size.
 */
function weightedMean(graph: GraphBuilder, tokens: GraphValue, weights: GraphValue): GraphValue {
  const sum = graph.op("ReduceSum", [weights, graph.ints([2])], { keepdims: 1 });
  return graph.op("MatMul", [graph.op("Div", [weights, sum]), tokens]);
}

function homes(
  graph: GraphBuilder,
  kept: GraphValue,
  groups: readonly WindowGroup[],
  shortened: readonly ShortenedGroup[],
): GraphValue {
  const others: number[] = [];
  const rows: number[] = [];
  let first = 0;
  for (const [i, group] of shortened.entries())
    for (let window = 0; window < group.windows; window++, first += group.rows) {
      for (let token = 0; token < groups[i]!.tokens; token++) others.push(first + group.rows - 1);
      for (let row = 0; row < group.rows - 1; row++) rows.push(first + row);
    }
  return graph.op("ScatterElements", [graph.ints(others), kept, graph.ints(rows)], { axis: 0 });
}

function joined(graph: GraphBuilder, parts: readonly GraphValue[], axis: number): GraphValue {
  return parts.length === 1 ? parts[0]! : concat(graph, parts, axis);
}
