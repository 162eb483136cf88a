import type { GraphValue } from "../../harness/api.ts";
import { add, type GraphBuilder, reshape, split } from "../../harness/onnx/index.ts";
import type { WindowGroup } from "./windowGroups.ts";

/** Best tokens of every window of a group, best first. `rows` is int64 [windows, count]: it counts rows in group order. */
interface RankedGroup {
  readonly rows: GraphValue;
  readonly windows: number;
  readonly count: number;
}

/**
 * Ranks the tokens of each window by `scores`, [1, tokens] in group order; equal scores rank as they stand in the window.
 * `countOf` says how many of a window's tokens are wanted.
 */
export function rankTokens(
  graph: GraphBuilder,
  scores: GraphValue,
  groups: readonly WindowGroup[],
  countOf: (tokens: number) => number,
): readonly RankedGroup[] {
  const parts = split(
    graph,
    scores,
    1,
    groups.map(({ windows, tokens }) => windows * tokens),
  );
  let before = 0;
  return groups.map(({ windows, tokens }, i) => {
    const count = countOf(tokens);
    const byWindow = reshape(graph, parts[i]!, [windows, tokens]);
    const how = { axis: 1, largest: 1, sorted: 1 };
    const places = graph.ops("TopK", [byWindow, graph.ints([count])], how, { outputs: 2 })[1]!;
    const first = before;
    const starts = graph.constant(`window.starts.${tokens}`, "int64", [windows, 1], () =>
      BigInt64Array.from({ length: windows }, (_, window) => BigInt(first + window * tokens)),
    );
    before += windows * tokens;
    return { rows: add(graph, places, starts), windows, count };
  });
}
