import type { GraphValue } from "../../harness/api.ts";
import type { GraphBuilder } from "../../harness/onnx/index.ts";

/**
 * Returns the row and the column, int64 [n], of tokens of the image, int64 [n], in their squares. Squares have `square` tokens
 * along their side and begin at the image's first token; the image has `grid` tokens along its side.
 */
export function squarePlaces(
  graph: GraphBuilder,
  tokens: GraphValue,
  { grid, square }: { readonly grid: number; readonly square: number },
): { readonly row: GraphValue; readonly column: GraphValue } {
  const all = Array.from({ length: grid * grid }, (_, token) => token);
  const at = (places: readonly number[]) => graph.op("Gather", [graph.ints(places), tokens], { axis: 0 });
  return {
    row: at(all.map((token) => Math.floor(token / grid) % square)),
    column: at(all.map((token) => (token % grid) % square)),
  };
}
