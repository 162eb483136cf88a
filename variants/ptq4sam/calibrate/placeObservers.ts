import type { NamedTensors, Tensor } from "../../../harness/api.ts";
import {
  AdaptiveGranularity,
  type AttentionSample,
  type Log2Quantizer,
  type Observer,
  observer,
  type UniformQuantizer,
} from "../../../harness/quantize/index.ts";
import { random, sampleWithoutReplacement } from "../../../harness/stats/random.ts";
import { edgePlaces, methods, type Setting } from "../setting.ts";

const defaults = {
  /**
   * Query rows of one softmax and image that the search of a scale sees: at most, and at least where each row has many keys.
   */
  rows: { most: 64, least: 16 },
  /** Probabilities in all of these rows together. */
  probabilities: 2 ** 14,
};

/** Names of the values that a tapped graph gives. */
interface SeenPlaces {
  readonly activations: readonly string[];
  /** Names of a softmax's pieces, by place. */
  readonly softmax: ReadonlyMap<string, readonly string[]>;
}

/** Holds an observer for every place, and feeds them image by image. */
export class PlaceObservers {
  readonly #setting: Setting;
  readonly #seed: number;
  readonly #edges: ReadonlySet<string>;
  readonly #activations = new Map<string, Observer>();
  readonly #uniform = new Map<string, Observer>();
  readonly #adaptive = new Map<string, AdaptiveGranularity>();
  #images = 0;

  /** `edges` are the first and the last layer. */
  constructor(setting: Setting, seed: number, edges: ReadonlySet<string> = edgePlaces) {
    this.#setting = setting;
    this.#seed = seed;
    this.#edges = edges;
  }

  observe(taps: SeenPlaces, tapped: NamedTensors): void {
    const { activations } = methods[this.#setting.method];
    for (const place of taps.activations) {
      const known = this.#activations.get(place) ?? observer(activations, this.#bitsAt(place));
      this.#activations.set(place, known);
      known.observe(tapped[place]!.data);
    }
    for (const [place, pieces] of taps.softmax) {
      const value = tapped[place.replace(/softmax$/, "value")]!;
      this.#observeSoftmax(
        place,
        pieces.map((piece) => tapped[piece]!),
        value,
      );
    }
    this.#images++;
  }

  quantizers(): {
    readonly activations: ReadonlyMap<string, UniformQuantizer>;
    readonly softmax: ReadonlyMap<string, UniformQuantizer | Log2Quantizer>;
  } {
    const all = <T>(map: ReadonlyMap<string, { quantizer(): T }>) =>
      [...map].map(([place, each]) => [place, each.quantizer()] as const);
    return {
      activations: new Map(all(this.#activations)),
      softmax: new Map<string, UniformQuantizer | Log2Quantizer>([...all(this.#uniform), ...all(this.#adaptive)]),
    };
  }

  notes(): string[] {
    if (this.#adaptive.size === 0) return [];
    const count = (tau: number) => [...this.#adaptive.values()].filter((each) => each.quantizer().tau === tau).length;
    const taus = [1, 2, 4].map((tau) => `${count(tau)} with tau ${tau}`).join(", ");
    const { least, most } = defaults.rows;
    return [
      `softmax quantisers: ${taus}; searched on a seeded sample of ${least} to ${most} query rows an image and place`,
    ];
  }

  #observeSoftmax(place: string, pieces: readonly Tensor[], value: Tensor): void {
    const { method, bits } = this.#setting;
    if (methods[method].softmax === "uniform") {
      const known = this.#uniform.get(place) ?? observer(methods[method].activations, bits.activations);
      this.#uniform.set(place, known);
      for (const piece of pieces) known.observe(piece.data);
      return;
    }
    const known = this.#adaptive.get(place) ?? new AdaptiveGranularity(bits.activations);
    this.#adaptive.set(place, known);
    known.observe(attentionSample(pieces, value, random(this.#seed, "softmax search", place, this.#images)));
  }

  #bitsAt(place: string): number {
    const { bits, edges } = this.#setting;
    return edges === "8 bits" && this.#edges.has(place.replace(/\.input$/, "")) ? 8 : bits.activations;
  }
}

/** Samples rows of all pieces […groups, rows, columns], with the values […groups, columns, width]. */
function attentionSample(pieces: readonly Tensor[], value: Tensor, stream: ReturnType<typeof random>): AttentionSample {
  const [columns, width] = value.dims.slice(-2) as [number, number];
  const rowsOf = pieces.map(({ data }) => data.length / columns);
  const total = rowsOf.reduce((sum, rows) => sum + rows, 0);
  const { least, most } = defaults.rows;
  const wanted = Math.min(total, most, Math.max(least, Math.floor(defaults.probabilities / columns)));
  const chosen = sampleWithoutReplacement(stream, total, wanted).sort((a, b) => a - b);
  const probabilities = new Float32Array(chosen.length * columns);
  const groups: number[] = [];
  let piece = 0;
  let before = 0;
  for (const [i, row] of chosen.entries()) {
    while (row - before >= rowsOf[piece]!) before += rowsOf[piece++]!;
    const { dims, data } = pieces[piece]!;
    const at = row - before;
    probabilities.set(data.subarray(at * columns, (at + 1) * columns), i * columns);
    groups.push(Math.floor(at / dims.at(-2)!));
  }
  return { probabilities, columns, values: value.data, width, groups };
}
