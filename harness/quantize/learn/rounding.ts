import { power } from "../../stats/power.ts";
import { type Matrix, matrix, type Tape } from "./tape.ts";

/** The stretched sigmoid reaches 0 and 1, where its gradient ends. */
const stretch = { low: -0.1, high: 1.1 };

/**
 * The rounding of this weight is learned: each value goes down, or up by a share h of a step that ends at 0 or 1. each value
 * goes down, or up by a share h of a step that ends at 0 or 1. Source: Nagel et al., Up or down? Adaptive rounding for
 * post-training quantization, 2020.
 */
export class LearnedRounding {
  readonly #bits: number;
  readonly #scales: Float32Array;
  readonly #zeroPoints: Uint8Array;
  readonly #floors: Float32Array;
  readonly #inputs: number;
  /** The variable that is learned: h is its stretched sigmoid. */
  readonly variable: Matrix;

  constructor(values: Float32Array, { bits, scales, zeroPoints }: RoundingRange) {
    this.#bits = bits;
    this.#scales = scales;
    this.#zeroPoints = zeroPoints;
    this.#inputs = values.length / scales.length;
    const scaleOf = (i: number) => scales[Math.floor(i / this.#inputs)]!;
    this.#floors = values.map((value, i) => Math.floor(Math.fround(value / scaleOf(i))));
    this.variable = matrix(scales.length, this.#inputs);
    for (let i = 0; i < values.length; i++) {
      const share = values[i]! / scaleOf(i) - this.#floors[i]!;
      const squeezed = Math.min(Math.max((share - stretch.low) / (stretch.high - stretch.low), 1e-4), 1 - 1e-4);
      this.variable.values[i] = -Math.log(1 / squeezed - 1);
    }
  }

  /** Returns the weight as it is: soft while it is learned, or with every share at its nearer end. */
  weight(tape: Tape, as: "soft" | "decided" = "soft"): Matrix {
    const { variable } = this;
    const result = matrix(variable.rows, variable.columns);
    const { shares, slopes } = this.#shares();
    if (as === "decided") for (const [i, share] of shares.entries()) shares[i] = share >= 0.5 ? 1 : 0;
    for (let row = 0, i = 0; row < variable.rows; row++) {
      const { low, high, scale } = this.#rangeOf(row);
      for (const end = i + this.#inputs; i < end; i++)
        result.values[i] = Math.min(Math.max(this.#floors[i]! + shares[i]!, low), high) * scale;
    }
    return tape.record(result, () => {
      for (let row = 0, i = 0; row < variable.rows; row++) {
        const { scale } = this.#rangeOf(row);
        for (const end = i + this.#inputs; i < end; i++)
          variable.gradient[i]! += result.gradient[i]! * scale * slopes[i]!;
      }
    });
  }

  /**
   * Pulls every share to 0 or 1: weight * sum of 1 - |2h - 1|^beta. Adds its gradient to the variable's; returns its value.
   */
  regularize(weight: number, beta: number): number {
    const { gradient } = this.variable;
    const { shares, slopes } = this.#shares();
    let total = 0;
    for (let i = 0; i < shares.length; i++) {
      const centred = 2 * shares[i]! - 1;
      const raised = power(Math.abs(centred), beta - 1);
      total += 1 - raised * Math.abs(centred);
      gradient[i]! -= weight * 2 * beta * raised * Math.sign(centred) * slopes[i]!;
    }
    return weight * total;
  }

  /** Returns one bit a value, which is set where the value is rounded up. */
  decided(): Uint8Array {
    const { shares } = this.#shares();
    const up = new Uint8Array(Math.ceil(shares.length / 8));
    for (const [i, share] of shares.entries()) if (share >= 0.5) up[i >> 3]! |= 1 << (i & 7);
    return up;
  }

  /** Returns h of each value, and its derivative: 0 where h has reached an end, and where the integer lies beyond the range. */
  #shares(): { readonly shares: Float32Array; readonly slopes: Float32Array } {
    const { rows, values } = this.variable;
    const shares = new Float32Array(values.length);
    const slopes = new Float32Array(values.length);
    const width = stretch.high - stretch.low;
    for (let row = 0, i = 0; row < rows; row++) {
      const { low, high } = this.#rangeOf(row);
      for (const end = i + this.#inputs; i < end; i++) {
        const sigmoid = 1 / (1 + Math.exp(-values[i]!));
        const share = width * sigmoid + stretch.low;
        shares[i] = Math.min(Math.max(share, 0), 1);
        const integer = this.#floors[i]! + share;
        const moves = share > 0 && share < 1 && integer >= low && integer <= high;
        slopes[i] = moves ? width * sigmoid * (1 - sigmoid) : 0;
      }
    }
    return { shares, slopes };
  }

  /** Returns the range of the integers of an output channel, and the value of one step. */
  #rangeOf(row: number): { readonly low: number; readonly high: number; readonly scale: number } {
    const zeroPoint = this.#zeroPoints[row]!;
    return { low: -zeroPoint, high: 2 ** this.#bits - 1 - zeroPoint, scale: this.#scales[row]! };
  }
}

export interface RoundingRange {
  readonly bits: number;
  /** One an output channel. */
  readonly scales: Float32Array;
  readonly zeroPoints: Uint8Array;
}
