import type { GraphValue } from "../../harness/api.ts";
import { add, child, concat, type Module, reshape, split, take, transpose } from "../../harness/onnx/index.ts";
import { passedBias } from "../sam-decoder/passedBias.ts";
import { axisTable, relativePositions, windowTable } from "./relativePositions.ts";
import type { WindowLayout } from "./windows.ts";

const defaults = {
  /** Score bias that is in memory at a time: enough rows for efficient products, few enough to stay near the caches. */
  biasBytes: 64 * 2 ** 20,
};

interface AttentionSizes {
  /** Width of all heads together. The tokens' own width may differ: queries, keys and values are projected from it. */
  readonly width: number;
  readonly heads: number;
  /** Tokens along the image's side. */
  readonly grid: number;
}

interface WindowSizes {
  readonly width: number;
  readonly heads: number;
  /** Tokens along a window's side. */
  readonly window: number;
}

/** Queries have their bias, keys and values do not: `project` says why. Each is [1, tokens, width]. */
export interface Projected {
  readonly query: GraphValue;
  readonly key: GraphValue;
  readonly value: GraphValue;
}

/**
 * Computes attention over the whole image. The bias of decomposed relative positions is added for some rows of queries at a
 * time, inside the runtime's attention operator, so no [heads, tokens, tokens] tensor is ever there. Widened queries and keys,
 * as in `windowAttention`, would be 192 instead of 64 wide at 64 x 64 tokens: that product costs more than the bias.
 */
export function globalAttention(module: Module, x: GraphValue, sizes: AttentionSizes): GraphValue {
  const { width, heads, grid } = sizes;
  const { graph } = module;
  const headWidth = width / heads;
  const { query, key, value } = project(module, x, x, width);
  const byHead = (each: GraphValue) =>
    transpose(graph, reshape(graph, each, [1, grid * grid, heads, headWidth]), [0, 2, 1, 3]);
  const keys = byHead(key);
  const values = byHead(value);
  const { rowTerms, columnTerms } = relativeTerms(module, query, sizes);

  const rows = rowsAtATime(heads, grid);
  const parts = Array.from({ length: grid / rows }, () => rows);
  const queries = split(
    graph,
    query,
    1,
    parts.map((part) => part * grid),
  );
  const rowParts = split(graph, rowTerms, 1, parts);
  const columnParts = split(graph, columnTerms, 1, parts);
  const attended = queries.map((part, i) => {
    const tokens = rows * grid;
    const rowPart = reshape(graph, rowParts[i]!, [1, heads, tokens, grid, 1]);
    const columnPart = reshape(graph, columnParts[i]!, [1, heads, tokens, 1, grid]);
    const bias = reshape(graph, add(graph, rowPart, columnPart), [1, heads, tokens, grid * grid]);
    return attend(module, { query: part, key: keys, value: values }, { heads, headWidth, bias });
  });
  return attended.length === 1 ? attended[0]! : concat(graph, attended, 1);
}

/**
 * Computes attention within windows, on tokens gathered window by window; the padding tokens that fill the last windows are
 * zero and are never projected. A score is q·k·scale + row term + column term = (q, row terms, column terms) · (k, one-hot row,
 * one-hot column): widened so, queries and keys need no bias tensor.
 */
export function windowAttention(
  module: Module,
  x: GraphValue,
  { width, heads, window }: WindowSizes,
  { windows, tokens, places, queries, restore }: WindowLayout,
): GraphValue {
  const { graph } = module;
  const headWidth = width / heads;
  const area = window * window;
  const outer = x.dims[2] as number;
  const zero = graph.constant("window.padding", "float32", [1, 1, outer], () => new Float32Array(outer));
  const { query, key, value } = project(module, x, concat(graph, [x, zero], 1), width);

  // Position by position across the windows, so that each position's table multiplies one matrix of queries.
  const byPosition = gatherTokens(module, query, queries, [area, windows * heads, headWidth]);
  const positions = relativePositions(module, window, headWidth);
  const terms = graph.op("MatMul", [byPosition, windowTable(module, positions, 1 / Math.sqrt(headWidth))]);
  const wide = headWidth + 2 * window;
  const widened = reshape(graph, concat(graph, [byPosition, terms], 2), [area, windows, heads * wide]);
  const keys = gatherTokens(module, key, places, [windows, area, heads, headWidth]);
  const attended = attend(
    module,
    {
      query: transpose(graph, widened, [1, 0, 2]),
      key: reshape(graph, concat(graph, [keys, oneHot(module, heads, window, windows)], 3), [
        ...[windows, area],
        heads * wide,
      ]),
      value: gatherTokens(module, value, places, [windows, area, width]),
    },
    { heads, headWidth },
  );
  return gatherTokens(module, reshape(graph, attended, [1, windows * area, width]), restore, [1, tokens, width]);
}

/**
 * Returns the bias of the output projection, with the values' bias in it; it joins the residual sum. `outer` is the tokens'
 * width.
 */
export function projectionBias(module: Module, width: number, outer = width): GraphValue {
  const qkvBias = take(child(module, "qkv"), "bias", [3 * width]);
  const weight = take(child(module, "proj"), "weight", [outer, width]);
  const bias = take(child(module, "proj"), "bias", [outer]);
  // Softmax sums to one, so the values' bias passes through attention as it is and meets the projection as a constant.
  return module.graph.derived({
    name: `${module.path}.proj.bias+qkv.bias`,
    dims: [outer],
    from: [qkvBias, weight, bias],
    compute: (qkv, matrix, own) => passedBias({ bias: qkv!.subarray(2 * width), matrix: matrix!, own: own! }),
  });
}

/**
 * Projects tokens to queries, keys and values. It takes three products instead of one, because each result is used in another
 * layout, and splitting a joint one costs a copy. The keys' bias adds the same number to all scores of a query, padding
 * included, so softmax does not see it; the values' bias is `projectionBias`.
 */
export function project(module: Module, queried: GraphValue, attended: GraphValue, width: number): Projected {
  const { graph } = module;
  const outer = queried.dims[2] as number;
  const weight = take(child(module, "qkv"), "weight", [3 * width, outer]);
  const bias = take(child(module, "qkv"), "bias", [3 * width]);
  const part = (i: number, name: string) =>
    graph.derived({
      name: `${weight.name}.${name}`,
      dims: [width, outer],
      from: [weight],
      compute: (joint) => joint!.subarray(i * width * outer, (i + 1) * width * outer),
    });
  const queryBias = graph.derived({
    name: `${bias.name}.query`,
    dims: [width],
    from: [bias],
    compute: (joint) => joint!.subarray(0, width),
  });
  const times = (x: GraphValue, matrix: GraphValue) => graph.op("FusedMatMul", [x, matrix], { transB: 1 });
  return {
    query: add(graph, times(queried, part(0, "query")), queryBias),
    key: times(attended, part(1, "key")),
    value: times(attended, part(2, "value")),
  };
}

/** Returns the row terms and the column terms of every query, each [heads, rows, columns, side]. */
function relativeTerms(module: Module, query: GraphValue, { width, heads, grid }: AttentionSizes) {
  const { graph } = module;
  const headWidth = width / heads;
  const positions = relativePositions(module, grid, headWidth);
  const square = reshape(graph, query, [grid, grid, heads, headWidth]);
  const terms = (order: readonly number[], axis: "rows" | "columns") =>
    graph.op("MatMul", [transpose(graph, square, order), axisTable(module, positions, axis)]);
  return {
    rowTerms: terms([2, 0, 1, 3], "rows"),
    columnTerms: transpose(graph, terms([2, 1, 0, 3], "columns"), [0, 2, 1, 3]),
  };
}

interface Attend {
  readonly heads: number;
  readonly headWidth: number;
  readonly bias?: GraphValue;
}

export function attend(
  { graph }: Module,
  { query, key, value }: Projected,
  { heads, headWidth, bias }: Attend,
): GraphValue {
  const inputs = [query, key, value, ...(bias === undefined ? [] : [undefined, undefined, bias])];
  return graph.op("MultiHeadAttention", inputs, { num_heads: heads, scale: { float: 1 / Math.sqrt(headWidth) } });
}

/** Returns the largest divisor of the grid whose bias fits the limit. */
function rowsAtATime(heads: number, grid: number): number {
  const bytesARow = heads * grid ** 3 * Float32Array.BYTES_PER_ELEMENT;
  for (let rows = grid; rows > 1; rows--) if (grid % rows === 0 && rows * bytesARow <= defaults.biasBytes) return rows;
  return 1;
}

/** Returns the tokens of [1, tokens, width] in another order, shaped as `dims`. */
export function gatherTokens({ graph }: Module, x: GraphValue, order: GraphValue, dims: readonly number[]): GraphValue {
  return reshape(graph, graph.op("Gather", [x, order], { axis: 1 }), dims);
}

/** Returns [windows, area, heads, 2 window]: it has a one at each key's row and a one at its column within the window. */
function oneHot({ graph }: Module, heads: number, window: number, windows: number): GraphValue {
  const area = window * window;
  const table = graph.constant("window.oneHot", "float32", [1, area, 1, 2 * window], () => {
    const values = new Float32Array(area * 2 * window);
    for (let place = 0; place < area; place++) {
      values[place * 2 * window + Math.floor(place / window)] = 1;
      values[place * 2 * window + window + (place % window)] = 1;
    }
    return values;
  });
  const dims = [windows, area, heads, 2 * window];
  return graph.op("Expand", [table, graph.ints(dims)], {}, { vouched: dims });
}
