import type { Dim, GraphValue, Weight } from "../../../harness/api.ts";
import type { Module } from "../../../harness/onnx/index.ts";

/**
 * Hooks at the places where a quantiser may stand. The graph is written once; hooks make its float, its tapped and its
 * quantised form. A place is named after the module it belongs to: `image_encoder.blocks.0.attn.qkv.input`, `….attn.key`.
 */
export interface Places {
  activation(place: string, x: GraphValue): GraphValue;
  /**
   * Takes probabilities [groups, heads, rows, columns], before they weigh the values [groups, heads, columns, width]. `part`
   * counts the pieces of rows that one place is computed in.
   */
  softmax(place: string, attention: Attention): GraphValue;
  /**
   * Returns the query rows that `softmax` looks at, where it does not change what it is given: the values can then be weighed
   * without writing all probabilities down. Where there is no such row `softmax` is not called; where this is left out it gets
   * all rows.
   */
  seenRows?(place: string, size: AttentionSize): readonly number[];
  /** Takes a weight whose first axis is its output channels. */
  weight(weight: Weight): Weight;
  /** Hears of each product of two quantised values; `factors` multiply to its number of multiply-accumulates. */
  product(path: string, kind: "weights" | "scores" | "values", factors: readonly Dim[]): void;
}

interface Attention {
  readonly probabilities: GraphValue;
  readonly values: GraphValue;
  readonly part: number;
}

interface AttentionSize {
  /** Number of attention maps: groups times heads. */
  readonly maps: number;
  readonly rows: number;
  readonly columns: number;
}

/** Leaves every value as it is: nothing is quantised. */
export const floatPlaces: Places = {
  activation: (_, x) => x,
  softmax: (_, { probabilities }) => probabilities,
  weight: (weight) => weight,
  product: () => undefined,
};

/** A module of the graph that has hooks at its places. */
export interface QuantizableModule extends Module {
  readonly places: Places;
}

export function part(module: QuantizableModule, name: string): QuantizableModule {
  return { ...module, path: module.path === "" ? name : `${module.path}.${name}` };
}
