import type { GraphValue } from "../../../harness/api.ts";
import { add, concat, reshape, slice, softmax, split, transpose } from "../../../harness/onnx/index.ts";
import { attend as attendInOne } from "../../sam/attention.ts";
import type { SamConfig } from "../../sam/config.ts";
import { axisTable, relativePositions } from "../../sam/relativePositions.ts";
import { part, type QuantizableModule } from "../calibrate/places.ts";
import { attend, mergeHeads, quantizableLinear, scores, splitHeads } from "./layers.ts";

const defaults = {
  /**
   * Bytes of attention scores that are in memory at a time: if they are few, the allocator keeps the pages from one piece to
   * the next.
   */
  scoreBytes: 24 * 2 ** 20,
};

/**
 * Computes attention within each group, [groups, side², width] → the same, with rows in pieces that bound the scores' memory.
 */
export function encoderAttention(
  attn: QuantizableModule,
  x: GraphValue,
  { width, heads }: SamConfig,
  side: number,
): GraphValue {
  const { graph, places } = attn;
  const joint = quantizableLinear(part(attn, "qkv"), x, { inputs: width, outputs: 3 * width });
  const [query, key, value] = split(graph, joint, 2, [width, width, width]).map((each, i) =>
    places.activation(`${attn.path}.${["query", "key", "value"][i]}`, splitHeads(attn, each, heads)),
  ) as [GraphValue, GraphValue, GraphValue];
  const projected = { query, key, value, ...relativeTerms(attn, query, side, width / heads) };
  const maps = (x.dims[0] as number) * heads;
  const seen = places.seenRows?.(`${attn.path}.softmax`, { maps, rows: side * side, columns: side * side });
  if (seen !== undefined && seen.length > 0) showProbabilities(attn, projected, seen);
  const rows = rowsAtATime(maps, side) * side;
  const pieces = Array.from({ length: (side * side) / rows }, (_, i) => {
    const piece = rowsOf(attn, projected, i * rows, (i + 1) * rows);
    return seen === undefined ? operatorByOperator(attn, piece, i) : inOneOperator(attn, piece);
  });
  const attended = pieces.length === 1 ? pieces[0]! : concat(graph, pieces, 1);
  return quantizableLinear(part(attn, "proj"), attended, { inputs: width, outputs: width });
}

interface Projected {
  /** [groups, heads, rows, width] */
  readonly query: GraphValue;
  /** [groups, heads, side², width], as the values are. */
  readonly key: GraphValue;
  readonly value: GraphValue;
  /** Terms that row and column distances add to the scores: each is [groups, heads, rows, side]. */
  readonly rowTerms: GraphValue;
  readonly columnTerms: GraphValue;
}

/** Attends through the quantiser of the probabilities. Returns [groups, rows, heads * width]. */
function operatorByOperator(attn: QuantizableModule, piece: Projected, index: number): GraphValue {
  const bias = (all: GraphValue) => withTerms(attn, all, piece);
  return mergeHeads(attn, attend(attn, { ...piece, part: index, bias }));
}

/**
 * Attends by the runtime's attention operator, which keeps the probabilities to itself. Returns [groups, rows, heads * width].
 */
function inOneOperator(attn: QuantizableModule, { query, key, value, rowTerms, columnTerms }: Projected): GraphValue {
  const { graph } = attn;
  const [groups, heads, rows, headWidth] = query.dims as number[] as [number, number, number, number];
  const side = rowTerms.dims[3] as number;
  const sum = add(
    graph,
    reshape(graph, rowTerms, [groups, heads, rows, side, 1]),
    reshape(graph, columnTerms, [groups, heads, rows, 1, side]),
  );
  const bias = reshape(graph, sum, [groups, heads, rows, side * side]);
  return attendInOne(attn, { query: mergeHeads(attn, query), key, value }, { heads, headWidth, bias });
}

/** Gives the probabilities of some rows to their place, and needs nothing of what it makes of them. */
function showProbabilities(attn: QuantizableModule, projected: Projected, seen: readonly number[]): void {
  const { graph, places, path } = attn;
  const some = (all: GraphValue) => graph.op("Gather", [all, graph.ints(seen)], { axis: 2 });
  const query = some(projected.query);
  const rowTerms = some(projected.rowTerms);
  const columnTerms = some(projected.columnTerms);
  const sums = withTerms(attn, scores(attn, query, projected.key), { rowTerms, columnTerms });
  places.softmax(`${path}.softmax`, { probabilities: softmax(graph, sums), values: projected.value, part: 0 });
}

function relativeTerms(attn: QuantizableModule, query: GraphValue, side: number, headWidth: number) {
  const { graph } = attn;
  const positions = relativePositions(attn, side, headWidth);
  const [groups, heads] = query.dims as [number, number];
  const square = reshape(graph, query, [groups, heads, side, side, headWidth]);
  const turned = transpose(graph, square, [0, 1, 3, 2, 4]);
  const columns = transpose(
    graph,
    graph.op("MatMul", [turned, axisTable(attn, positions, "columns")]),
    [0, 1, 3, 2, 4],
  );
  const flat = (terms: GraphValue) => reshape(graph, terms, [groups, heads, side * side, side]);
  return {
    rowTerms: flat(graph.op("MatMul", [square, axisTable(attn, positions, "rows")])),
    columnTerms: flat(columns),
  };
}

function withTerms(
  { graph }: QuantizableModule,
  all: GraphValue,
  { rowTerms, columnTerms }: Pick<Projected, "rowTerms" | "columnTerms">,
): GraphValue {
  const [groups, heads, rows, side] = rowTerms.dims as number[] as [number, number, number, number];
  const spread = reshape(graph, all, [groups, heads, rows, side, side]);
  const withRows = add(graph, spread, reshape(graph, rowTerms, [groups, heads, rows, side, 1]));
  const withBoth = add(graph, withRows, reshape(graph, columnTerms, [groups, heads, rows, 1, side]));
  return reshape(graph, withBoth, [groups, heads, rows, side * side]);
}

function rowsOf({ graph }: QuantizableModule, all: Projected, start: number, end: number): Projected {
  const some = (each: GraphValue) => (start === 0 && end === each.dims[2] ? each : slice(graph, each, 2, start, end));
  return {
    ...all,
    query: some(all.query),
    rowTerms: some(all.rowTerms),
    columnTerms: some(all.columnTerms),
  };
}

/** Returns how many rows of the square of tokens a piece has: the largest divisor of the side whose scores fit the limit. */
function rowsAtATime(maps: number, side: number): number {
  const bytesARow = maps * side ** 3 * Float32Array.BYTES_PER_ELEMENT;
  for (let rows = side; rows > 1; rows--) if (side % rows === 0 && rows * bytesARow <= defaults.scoreBytes) return rows;
  return 1;
}
