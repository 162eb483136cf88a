import type { GraphValue } from "../../../harness/api.ts";
import { concat, type GraphBuilder, type Module, mul, reshape } from "../../../harness/onnx/index.ts";
import { attend, project } from "../../sam/attention.ts";
import type { SamConfig } from "../../sam/config.ts";
import { encoderBlock } from "../../sam/imageEncoder.ts";
import { axisTable, relativePositions } from "../../sam/relativePositions.ts";
import { keptCount } from "../sparsity.ts";
import { gather, scatter } from "./keptWindows.ts";

/**
 * Adds a global block on the share `keep` of its tokens, those with the largest mean |x|: they attend to one another alone, and
 * the others pass unchanged. Beyond the paper, whose backbone has no global attention.
 */
export function keptGlobalBlock(
  block: Module,
  whole: GraphValue,
  config: SamConfig,
  keep: number,
): { readonly stream: GraphValue; readonly map: GraphValue } {
  const { graph } = block;
  const grid = config.side / config.patch;
  const all = grid * grid;
  const count = keptCount(all, 1 - keep);
  const importance = graph.op("ReduceMean", [graph.op("Abs", [whole]), graph.ints([0, 2])], { keepdims: 0 });
  const best = graph.ops("TopK", [importance, graph.ints([count])], { axis: 0, largest: 1, sorted: 1 }, { outputs: 2 });
  const ids = best[1]!;
  const places = graph.ints(numbers(all));
  const back = graph.op("ScatterElements", [places, ids, graph.ints(numbers(count, all))], { axis: 0 });
  const attended = encoderBlock(block, gather(graph, whole, { ids }), config, (attn, normalised) =>
    tokenAttention(attn, normalised, config, ids),
  );
  const kept = graph.op("GreaterOrEqual", [back, graph.ints([all])]);
  return {
    stream: scatter(graph, whole, attended, { back }),
    map: reshape(graph, graph.op("Cast", [kept], { to: 1 }), [grid, grid]),
  };
}

/**
 * Computes attention among scattered tokens. Which row and column a token lies in is known only while the graph runs, so
 * queries and keys are widened by their terms, as within windows: gathering a bias for each pair would cost more than the
 * attention.
 */
function tokenAttention(attn: Module, x: GraphValue, config: SamConfig, ids: GraphValue): GraphValue {
  const { width, heads, side, patch } = config;
  const grid = side / patch;
  const headWidth = width / heads;
  const { graph } = attn;
  const count = ids.dims[0] as number;
  const { query, key, value } = project(attn, x, x, width);
  const positions = relativePositions(attn, grid, headWidth);
  const queries = reshape(graph, query, [count, heads, headWidth]);
  const terms = (axis: "rows" | "columns") => {
    const lines = graph.op("Gather", [lineOfTokens(graph, grid, axis), ids], { axis: 0 });
    const tables = graph.op("Gather", [axisTable(attn, positions, axis), lines], { axis: 0 });
    return graph.op("MatMul", [queries, tables]);
  };
  // The attention operator multiplies its scale onto every score, and these terms are none of its business.
  const scaled = mul(graph, concat(graph, [terms("rows"), terms("columns")], 2), graph.number(Math.sqrt(headWidth)));
  const oneHot = graph.op("Gather", [linesOneHot(graph, grid), ids], { axis: 0 });
  const dims = [count, heads, 2 * grid];
  const ofHeads = graph.op(
    "Expand",
    [reshape(graph, oneHot, [count, 1, 2 * grid]), graph.ints(dims)],
    {},
    { vouched: dims },
  );
  const wide = heads * (headWidth + 2 * grid);
  const keys = concat(graph, [reshape(graph, key, [count, heads, headWidth]), ofHeads], 2);
  return attend(
    attn,
    {
      query: reshape(graph, concat(graph, [queries, scaled], 2), [1, count, wide]),
      key: reshape(graph, keys, [1, count, wide]),
      value,
    },
    { heads, headWidth },
  );
}

function lineOfTokens(graph: GraphBuilder, grid: number, axis: "rows" | "columns"): GraphValue {
  return graph.ints(numbers(grid * grid).map((token) => (axis === "rows" ? Math.floor(token / grid) : token % grid)));
}

/** Returns [grid², 2 grid]: it has a one at each token's row, and a one at its column. */
function linesOneHot(graph: GraphBuilder, grid: number): GraphValue {
  return graph.constant("global.oneHot", "float32", [grid * grid, 2 * grid], () => {
    const values = new Float32Array(2 * grid ** 3);
    for (let token = 0; token < grid * grid; token++) {
      values[token * 2 * grid + Math.floor(token / grid)] = 1;
      values[token * 2 * grid + grid + (token % grid)] = 1;
    }
    return values;
  });
}

function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}
