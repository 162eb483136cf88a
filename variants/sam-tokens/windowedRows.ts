import type { GraphValue } from "../../harness/api.ts";
import { concat, type Module, reshape, softmax, split, transpose } from "../../harness/onnx/index.ts";
import { attend, project } from "../sam/attention.ts";
import { axisTable, relativePositions } from "../sam/relativePositions.ts";

/**
 * Some of the tokens, in any order: `x` is [1, n, width], normalised; `row` and `column` are int64 [n] and say where each token
 * stands in the square that it attends in.
 */
export interface Rows {
  readonly x: GraphValue;
  readonly row: GraphValue;
  readonly column: GraphValue;
}

/**
 * Windows that have equal numbers of queries and of keys. Queries and keys follow each other group by group, window by window.
 */
interface AttendedGroup {
  readonly windows: number;
  readonly queries: number;
  readonly keys: number;
  /** Places within the square, window by window, of keys that are zero: SAM attends to padding too. */
  readonly padding: readonly number[];
}

interface RowSizes {
  readonly width: number;
  readonly heads: number;
  /** Tokens along the side of the square that relative positions are made for: a window's, or the image's. */
  readonly side: number;
  readonly groups: readonly AttendedGroup[];
}

/** Queries and keys are widened, [1, n, heads * wide]; values are [1, n, width]. */
interface Widened {
  readonly query: GraphValue;
  readonly key: GraphValue;
  readonly value: GraphValue;
  readonly wide: number;
}

/**
 * Lets some tokens attend to some tokens, window by window, without the output projection: [1, queries, width]. Relative
 * positions come by widening: a query carries its terms for each row and column of the square, a key names its own.
 */
export function attendRows(attn: Module, queries: Rows, keys: Rows, sizes: RowSizes): GraphValue {
  const { heads, width } = sizes;
  const headWidth = width / heads;
  const widened = widen(attn, queries, keys, sizes);
  const parts = byGroup(attn, widened, sizes).map((part, i) => {
    const { windows, queries: count } = sizes.groups[i]!;
    return reshape(attn.graph, attend(attn, part, { heads, headWidth }), [1, windows * count, width]);
  });
  return joined(attn, parts);
}

/**
 * Does what `attendRows` does for tokens that attend to themselves. Returns also the attention that each token receives, as the
 * mean over heads and queries: [1, n].
 */
export function attendAndWeigh(
  attn: Module,
  rows: Rows,
  sizes: RowSizes,
): { readonly attended: GraphValue; readonly received: GraphValue } {
  const { graph } = attn;
  const { heads, width, groups } = sizes;
  const headWidth = width / heads;
  const widened = widen(attn, rows, rows, sizes);
  const parts = byGroup(attn, widened, sizes).map((part, i) => {
    const { windows, queries, keys, padding } = groups[i]!;
    const all = keys + padding.length / windows;
    const byHead = (x: GraphValue, length: number, each: number) =>
      transpose(graph, reshape(graph, x, [windows, length, heads, each]), [0, 2, 1, 3]);
    const query = byHead(part.query, queries, widened.wide);
    const key = byHead(part.key, all, widened.wide);
    const scores = graph.op("FusedMatMul", [query, key], { transB: 1, alpha: { float: 1 / Math.sqrt(headWidth) } });
    const probabilities = softmax(graph, scores);
    const attended = graph.op("MatMul", [probabilities, byHead(part.value, all, headWidth)]);
    const received = graph.op("ReduceMean", [probabilities, graph.ints([1, 2])], { keepdims: 0 });
    return {
      attended: reshape(graph, transpose(graph, attended, [0, 2, 1, 3]), [1, windows * queries, width]),
      received: reshape(graph, ofTokens(attn, received, keys), [1, windows * keys]),
    };
  });
  return {
    attended: joined(
      attn,
      parts.map(({ attended }) => attended),
    ),
    received: joined(
      attn,
      parts.map(({ received }) => received),
    ),
  };
}

function widen(attn: Module, queries: Rows, keys: Rows, { width, heads, side }: RowSizes): Widened {
  const { graph } = attn;
  const headWidth = width / heads;
  const queried = queries.x.dims[1] as number;
  const attended = keys.x.dims[1] as number;
  const { query, key, value } = project(attn, queries.x, keys.x, width);
  const byHead = reshape(graph, query, [queried, heads, headWidth]);
  const terms = relativeTerms(attn, byHead, queries, side);
  const wide = headWidth + 2 * side;

  const names = concat(graph, [oneHot(attn, keys.row, side, headWidth), oneHot(attn, keys.column, side, headWidth)], 1);
  const dims = [attended, heads, 2 * side];
  const spread = graph.op(
    "Expand",
    [reshape(graph, names, [attended, 1, 2 * side]), graph.ints(dims)],
    {},
    { vouched: dims },
  );
  const named = concat(graph, [reshape(graph, key, [attended, heads, headWidth]), spread], 2);
  return {
    query: reshape(graph, concat(graph, [byHead, terms], 2), [1, queried, heads * wide]),
    key: reshape(graph, named, [1, attended, heads * wide]),
    value,
    wide,
  };
}

/** Returns [n, heads, 2 side]: it holds what a query's scores gain for keys of each row and each column. */
export function relativeTerms(
  attn: Module,
  query: GraphValue,
  { row, column }: Pick<Rows, "row" | "column">,
  side: number,
): GraphValue {
  const { graph } = attn;
  const positions = relativePositions(attn, side, query.dims[2] as number);
  const terms = (axis: "rows" | "columns", at: GraphValue) => {
    const tables = graph.op("Gather", [axisTable(attn, positions, axis), at], { axis: 0 });
    return graph.op("MatMul", [query, tables]);
  };
  return concat(graph, [terms("rows", row), terms("columns", column)], 2);
}

/** Returns [n, side]: it has a one at `at`, times sqrt(head width), since the attention operator scales every score. */
function oneHot({ graph }: Module, at: GraphValue, side: number, headWidth: number): GraphValue {
  const table = graph.constant(`oneHot.${side}.${headWidth}`, "float32", [side, side], () =>
    Float32Array.from({ length: side * side }, (_, i) => (i % (side + 1) === 0 ? Math.sqrt(headWidth) : 0)),
  );
  return graph.op("Gather", [table, at], { axis: 0 });
}

function byGroup(attn: Module, { query, key, value, wide }: Widened, { heads, width, side, groups }: RowSizes) {
  const { graph } = attn;
  const parts = (x: GraphValue, count: (group: AttendedGroup) => number) => {
    const sizes = groups.map((group) => group.windows * count(group));
    return groups.length === 1 ? [x] : split(graph, x, 1, sizes);
  };
  const queries = parts(query, (group) => group.queries);
  const keys = parts(key, (group) => group.keys);
  const values = parts(value, (group) => group.keys);
  return groups.map((group, i) => {
    const { windows, queries: asked, keys: kept } = group;
    const filled = (x: GraphValue, end: (group: AttendedGroup) => GraphValue) =>
      group.padding.length === 0 ? x : concat(graph, [x, end(group)], 1);
    return {
      query: reshape(graph, queries[i]!, [windows, asked, heads * wide]),
      key: filled(reshape(graph, keys[i]!, [windows, kept, heads * wide]), (padded) =>
        paddingKeys(attn, padded, { side, heads, headWidth: width / heads }),
      ),
      value: filled(reshape(graph, values[i]!, [windows, kept, width]), ({ padding }) =>
        zeros(attn, [windows, padding.length / windows, width]),
      ),
    };
  });
}

/** Returns [windows, padding, heads * wide]: these keys are zero but for the part that names their places. */
function paddingKeys(
  { graph }: Module,
  { windows, padding }: AttendedGroup,
  { side, heads, headWidth }: { readonly side: number; readonly heads: number; readonly headWidth: number },
): GraphValue {
  const wide = headWidth + 2 * side;
  const dims = [windows, padding.length / windows, heads * wide];
  return graph.constant(`paddingKeys.${padding.length}.${side}.${heads}.${headWidth}`, "float32", dims, () => {
    const values = new Float32Array(padding.length * heads * wide);
    for (const [i, place] of padding.entries())
      for (let head = 0; head < heads; head++) {
        const start = (i * heads + head) * wide + headWidth;
        values[start + Math.floor(place / side)] = Math.sqrt(headWidth);
        values[start + side + (place % side)] = Math.sqrt(headWidth);
      }
    return values;
  });
}

function zeros({ graph }: Module, dims: readonly number[]): GraphValue {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return graph.constant(`zeros[${dims}]`, "float32", dims, () => new Float32Array(count));
}

/** Drops the padding's share. */
function ofTokens({ graph }: Module, received: GraphValue, keys: number): GraphValue {
  if (received.dims[1] === keys) return received;
  return split(graph, received, 1, [keys, (received.dims[1] as number) - keys])[0]!;
}

function joined({ graph }: Module, parts: readonly GraphValue[]): GraphValue {
  return parts.length === 1 ? parts[0]! : concat(graph, parts, 1);
}
