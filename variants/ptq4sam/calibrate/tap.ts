import type { Weight } from "../../../harness/api.ts";
import type { GraphBuilder } from "../../../harness/onnx/index.ts";
import { random, sampleWithoutReplacement } from "../../../harness/stats/random.ts";
import type { Places } from "./places.ts";

const defaults = {
  /** Number of probabilities that a graph gives out of one softmax; of a larger one it gives a seeded sample of query rows. */
  probabilities: 2 ** 20,
};

/** List of what a tapped graph gives out besides its outputs, and of the weights at its places. */
export interface Taps {
  readonly activations: string[];
  /** Names of a softmax's pieces, by place. */
  readonly softmax: Map<string, string[]>;
  readonly weights: Weight[];
}

export function noTaps(): Taps {
  return { activations: [], softmax: new Map(), weights: [] };
}

/** Leaves every value as it is, makes it an output under its place's name, and fills `taps`. */
export function tappedPlaces(graph: GraphBuilder, taps: Taps, seed: number): Places {
  return {
    activation(place, x) {
      graph.output(place, x);
      taps.activations.push(place);
      return x;
    },
    softmax(place, { probabilities, part }) {
      const name = `${place}.${part}`;
      graph.output(name, probabilities);
      taps.softmax.set(place, [...(taps.softmax.get(place) ?? []), name]);
      return probabilities;
    },
    seenRows(place, { maps, rows, columns }) {
      const kept = Math.min(rows, Math.max(1, Math.floor(defaults.probabilities / (maps * columns))));
      return sampleWithoutReplacement(random(seed, "softmax rows", place), rows, kept).sort((a, b) => a - b);
    },
    weight(weight) {
      taps.weights.push(weight);
      return weight;
    },
    product: () => undefined,
  };
}
