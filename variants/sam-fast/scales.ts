import type { NamedTensors } from "../../harness/api.ts";
import { type ByteScale, type Convolution, quantizerFor, type Range, rangesOf } from "../../harness/quantize/index.ts";
import type { ConvolutionScales } from "./layers.ts";

/** Ranges of the values that convolutions take and give, over the images that were seen. */
export class ValueRanges {
  readonly #convolutions: readonly Convolution[];
  readonly #ranges = new Map<string, Range>();
  /** Names of the values, each once, in the order in which their ranges are given. */
  readonly values: readonly string[];

  constructor(convolutions: readonly Convolution[]) {
    this.#convolutions = convolutions;
    this.values = [...new Set(convolutions.flatMap(({ activations, result }) => [activations, result]))];
  }

  /** Takes in what the graph with ranges gave for one image. */
  observe(given: NamedTensors): void {
    for (const [i, { low, high }] of rangesOf(given).entries()) {
      const name = this.values[i]!;
      const known = this.#ranges.get(name);
      this.#ranges.set(name, known === undefined ? { low, high } : widest(known, { low, high }));
    }
  }

  /** Returns the scales by the convolutions' weights; two convolutions of one weight have the wider ranges of both. */
  scales(): Readonly<Record<string, ConvolutionScales>> {
    const found = new Map<string, { readonly activations: Range; readonly result: Range }>();
    for (const { weight, activations, result } of this.#convolutions) {
      const own = { activations: this.#ranges.get(activations)!, result: this.#ranges.get(result)! };
      const known = found.get(weight) ?? own;
      found.set(weight, {
        activations: widest(known.activations, own.activations),
        result: widest(known.result, own.result),
      });
    }
    const scaled = [...found].map(([weight, ranges]): [string, ConvolutionScales] => [
      weight,
      { activations: byteScale(ranges.activations), result: byteScale(ranges.result) },
    ]);
    return Object.fromEntries(scaled);
  }
}

function widest(a: Range, b: Range): Range {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

function byteScale({ low, high }: Range): ByteScale {
  const { scale, zeroPoint } = quantizerFor(low, high, 8);
  return { scale, zeroPoint };
}
