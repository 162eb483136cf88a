import type { GraphValue } from "../../harness/api.ts";
import {
  add,
  child,
  concat,
  layerNorm,
  type Module,
  mul,
  product,
  reshape,
  split,
  transpose,
  weight,
} from "../../harness/onnx/index.ts";
import { attend, project, projectionBias } from "../sam/attention.ts";
import { mlp } from "../sam/blockEnd.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { squarePlaces } from "../sam-tokens/squarePlaces.ts";
import { attendRows, type Rows, relativeTerms } from "../sam-tokens/windowedRows.ts";
import { groupOrder, type WindowGroup } from "../sam-tokens/windowGroups.ts";
import type { BlvitConfig } from "./config.ts";
import { type Selection, selectedOf } from "./selection.ts";

const defaults = {
  /** Bytes of score bias that are in memory at a time, as in SAM's own global attention. */
  biasBytes: 64 * 2 ** 20,
};

interface PerformanceInputs {
  /** All tokens after the block's first norm; `stream` has them before it. Both are [1, tokens, width]. */
  readonly normalised: GraphValue;
  readonly stream: GraphValue;
  readonly selection: Selection;
  readonly groups: readonly WindowGroup[];
  /** Index of the layer, from 0. */
  readonly index: number;
}

/**
 * Puts the selected tokens [1, selected, width] through a P-block: semi-cross attention, whose queries are the selected and
 * whose keys and values are all tokens, then the MLP on the selected. What each of both adds is multiplied by the token's score
 * and a learned coefficient.
 */
export function performanceBlock(block: Module, inputs: PerformanceInputs, { sam }: BlvitConfig): GraphValue {
  const { graph } = block;
  const { normalised, stream, selection, index } = inputs;
  const { width } = sam;
  const attn = child(block, "attn");
  const queries = selectedOf(graph, normalised, selection);
  const attended = sam.globalBlocks.includes(index)
    ? imageAttention(attn, queries, inputs, sam)
    : semiCrossWindows(attn, queries, inputs, sam);
  const projected = product(child(attn, "proj"), attended, { inputs: width, outputs: width });
  const gate = (name: string) => mul(graph, selection.scores, weight(block, name, [1]));
  const gated = (branch: GraphValue, bias: GraphValue, name: string) =>
    mul(graph, add(graph, branch, bias), gate(name));
  const middle = add(
    graph,
    selectedOf(graph, stream, selection),
    gated(projected, projectionBias(attn, width), "attn_alpha"),
  );
  const hidden = layerNorm(child(block, "norm2"), middle, { width, epsilon: epsilons.vit });
  const { branch, bias } = mlp(child(block, "mlp"), hidden, { width, layers: ["lin1", "lin2"] });
  return add(graph, middle, gated(branch, bias, "mlp_alpha"));
}

type Sam = BlvitConfig["sam"];

function semiCrossWindows(attn: Module, queries: GraphValue, inputs: PerformanceInputs, sam: Sam): GraphValue {
  const { graph } = attn;
  const { normalised, selection, groups } = inputs;
  const { width, heads, window } = sam;
  const order = groupOrder(groups);
  const grid = sam.side / sam.patch;
  const { row, column } = squarePlaces(graph, selection.tokens, { grid, square: window });
  const keys: Rows = {
    x: graph.op("Gather", [normalised, graph.ints(order)], { axis: 1 }),
    row: graph.ints(order.map((token) => Math.floor(token / grid) % window)),
    column: graph.ints(order.map((token) => (token % grid) % window)),
  };
  const attended = groups.map(({ windows, tokens, padding }, i) => ({
    windows,
    keys: tokens,
    padding,
    queries: selection.groups[i]!.count,
  }));
  return attendRows(attn, { x: queries, row, column }, keys, { width, heads, side: window, groups: attended });
}

/**
 * Lets the selected tokens attend to the whole image; the bias of relative positions is in memory for some queries at a time.
 */
function imageAttention(
  attn: Module,
  queries: GraphValue,
  { normalised, selection }: PerformanceInputs,
  sam: Sam,
): GraphValue {
  const { graph } = attn;
  const { width, heads } = sam;
  const grid = sam.side / sam.patch;
  const headWidth = width / heads;
  const { count } = selection;
  const { query, key, value } = project(attn, queries, normalised, width);
  const byHead = (x: GraphValue) =>
    transpose(graph, reshape(graph, x, [1, grid * grid, heads, headWidth]), [0, 2, 1, 3]);
  const keys = byHead(key);
  const values = byHead(value);
  const places = squarePlaces(graph, selection.tokens, { grid, square: grid });
  const terms = relativeTerms(attn, reshape(graph, query, [count, heads, headWidth]), places, grid);

  const parts = portions(count, heads * grid ** 2 * Float32Array.BYTES_PER_ELEMENT);
  const termParts = split(graph, transpose(graph, terms, [1, 0, 2]), 1, parts);
  const attended = split(graph, query, 1, parts).map((part, i) => {
    const length = parts[i]!;
    const [rows, columns] = split(graph, termParts[i]!, 2, [grid, grid]) as [GraphValue, GraphValue];
    const rowBias = reshape(graph, rows, [1, heads, length, grid, 1]);
    const columnBias = reshape(graph, columns, [1, heads, length, 1, grid]);
    const bias = reshape(graph, add(graph, rowBias, columnBias), [1, heads, length, grid * grid]);
    return attend(attn, { query: part, key: keys, value: values }, { heads, headWidth, bias });
  });
  return attended.length === 1 ? attended[0]! : concat(graph, attended, 1);
}

/** Divides `count` queries into nearly equal parts, each within the limit. */
function portions(count: number, bytesAQuery: number): number[] {
  const parts = Math.ceil((count * bytesAQuery) / defaults.biasBytes);
  return Array.from(
    { length: parts },
    (_, i) => Math.floor(((i + 1) * count) / parts) - Math.floor((i * count) / parts),
  );
}
