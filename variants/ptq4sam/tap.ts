import type { GraphValue, Weight } from "../../harness/api.ts";
import type { GraphBuilder } from "../../harness/onnx/index.ts";
import { random, sampleWithoutReplacement } from "../../harness/stats/random.ts";
import type { Places } from "./places.ts";

const defaults = {
  /** Probabilities that a graph gives out of one piece of a softmax; of larger ones, a seeded sample of query rows. */
  probabilities: 2 ** 20,
};

/** What a tapped graph gives out besides its outputs, and the weights that stand at its places. */
export interface Taps {
  readonly activations: string[];
  /** Place → the names of its pieces. */
  readonly softmax: Map<string, string[]>;
  readonly weights: Weight[];
}

export function noTaps(): Taps {
  return { activations: [], softmax: new Map(), weights: [] };
}

/** Leaves every value as it is and makes it an output, under its place's name. Fills `taps`. */
export function tappedPlaces(graph: GraphBuilder, taps: Taps, seed: number): Places {
  return {
    activation(place, x) {
      graph.output(place, x);
      taps.activations.push(place);
      return x;
    },
    softmax(place, { probabilities, part }) {
      const name = `${place}.${part}`;
      graph.output(name, sampledRows(graph, probabilities, name, seed));
      taps.softmax.set(place, [...(taps.softmax.get(place) ?? []), name]);
      return probabilities;
    },
    weight(weight) {
      taps.weights.push(weight);
      return weight;
    },
    product: () => undefined,
  };
}

/** [groups, heads, rows, columns] → some of the rows, where all would be too many and their number is known. */
function sampledRows(graph: GraphBuilder, probabilities: GraphValue, name: string, seed: number): GraphValue {
  const [groups, heads, rows, columns] = probabilities.dims;
  if (typeof groups !== "number" || typeof rows !== "number") return probabilities;
  const size = groups * (heads as number) * (columns as number);
  const kept = Math.max(1, Math.floor(defaults.probabilities / size));
  if (kept >= rows) return probabilities;
  const chosen = sampleWithoutReplacement(random(seed, "softmax rows", name), rows, kept).sort((a, b) => a - b);
  return graph.op("Gather", [probabilities, graph.ints(chosen)], { axis: 2 });
}
