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

export interface TapOptions {
  readonly seed: number;
  /** Layers whose inputs and weights are quantised, where nothing else is; all places if left out. */
  readonly layers?: ReadonlySet<string> | undefined;
}

/** Leaves every value as it is, makes those that are quantised outputs under their places' names, and fills `taps`. */
export function tappedPlaces(graph: GraphBuilder, taps: Taps, { seed, layers }: TapOptions): Places {
  const all = layers === undefined;
  return {
    activation(place, x) {
      if (!all && !(place.endsWith(".input") && layers.has(place.slice(0, -".input".length)))) return x;
      graph.output(place, x);
      taps.activations.push(place);
      return x;
    },
    softmax(place, { probabilities, part }) {
      if (!all) return probabilities;
      const name = `${place}.${part}`;
      graph.output(name, probabilities);
      taps.softmax.set(place, [...(taps.softmax.get(place) ?? []), name]);
      return probabilities;
    },
    seenRows(place, { maps, rows, columns }) {
      if (!all) return [];
      const kept = Math.min(rows, Math.max(1, Math.floor(defaults.probabilities / (maps * columns))));
      return sampleWithoutReplacement(random(seed, "softmax rows", place), rows, kept).sort((a, b) => a - b);
    },
    weight(weight) {
      if (all || layers.has(weight.name.replace(/\.weight$/, ""))) taps.weights.push(weight);
      return weight;
    },
    product: () => undefined,
  };
}
