import { type Matrix, matrix, type Tape } from "./tape.ts";

/** The stretched sigmoid reaches 0 and 1, where its gradient ends. */
const stretch = { low: -0.1, high: 1.1 };

/**
 * A weight whose rounding is learned: each value goes down, or up by a share h of a step that ends at 0 or 1.
 * Source: Nagel et al., Up or down? Adaptive rounding for post-training quantization, 2020.
 */
export class LearnedRounding {
  readonly #bits: number;
  readonly #scales: Float32Array;
  readonly #zeroPoints: Uint8Array;
  readonly #floors: Float32Array;
  readonly #inputs: number;
  /** What is learned: h is the stretched sigmoid of it. */
  readonly variable: Matrix;

  constructor(values: Float32Array, { bits, scales, zeroPoints }: RoundingRange) {
    this.#bits = bits;
    this.#scales = scales;
    this.#zeroPoints = zeroPoints;
    this.#inputs = values.length / scales.length;
    this.#floors = values.map((value, i) => Math.floor(Math.fround(value / this.#scaleOf(i))));
    this.variable = matrix(scales.length, this.#inputs);
    for (let i = 0; i < values.length; i++) {
      const share = values[i]! / this.#scaleOf(i) - this.#floors[i]!;
      const squeezed = Math.min(Math.max((share - stretch.low) / (stretch.high - stretch.low), 1e-4), 1 - 1e-4);
      this.variable.values[i] = -Math.log(1 / squeezed - 1);
    }
  }

  /** The weight as it stands, soft while it is learned. */
  weight(tape: Tape): Matrix {
    const { variable } = this;
    const result = matrix(variable.rows, variable.columns);
    for (let i = 0; i < result.values.length; i++) result.values[i] = this.#valueAt(i, this.#share(i));
    return tape.record(result, () => {
      for (let i = 0; i < result.values.length; i++)
        variable.gradient[i]! += result.gradient[i]! * this.#scaleOf(i) * this.#shareDerivative(i);
    });
  }

  /**
   * Pulls every share to 0 or 1: weight * sum of 1 - |2h - 1|^beta. Adds its gradient to the variable's; returns its value.
   */
  regularize(weight: number, beta: number): number {
    let total = 0;
    for (let i = 0; i < this.variable.values.length; i++) {
      const centred = 2 * this.#share(i) - 1;
      total += 1 - Math.abs(centred) ** beta;
      const slope = -2 * beta * Math.abs(centred) ** (beta - 1) * Math.sign(centred);
      this.variable.gradient[i]! += weight * slope * this.#shareDerivative(i);
    }
    return weight * total;
  }

  /** One bit a value, set where it is rounded up. */
  decided(): Uint8Array {
    const up = new Uint8Array(Math.ceil(this.variable.values.length / 8));
    for (let i = 0; i < this.variable.values.length; i++) if (this.#share(i) >= 0.5) up[i >> 3]! |= 1 << (i & 7);
    return up;
  }

  #valueAt(i: number, share: number): number {
    const row = Math.floor(i / this.#inputs);
    const zeroPoint = this.#zeroPoints[row]!;
    return (
      Math.min(Math.max(this.#floors[i]! + share, -zeroPoint), 2 ** this.#bits - 1 - zeroPoint) * this.#scales[row]!
    );
  }

  #scaleOf(i: number): number {
    return this.#scales[Math.floor(i / this.#inputs)]!;
  }

  #share(i: number): number {
    return Math.min(Math.max(this.#stretched(i), 0), 1);
  }

  #stretched(i: number): number {
    return (stretch.high - stretch.low) / (1 + Math.exp(-this.variable.values[i]!)) + stretch.low;
  }

  /** 0 where the share has reached an end, and where the integer lies beyond the range. */
  #shareDerivative(i: number): number {
    const stretched = this.#stretched(i);
    if (stretched <= 0 || stretched >= 1) return 0;
    const zeroPoint = this.#zeroPoints[Math.floor(i / this.#inputs)]!;
    const integer = this.#floors[i]! + stretched;
    if (integer < -zeroPoint || integer > 2 ** this.#bits - 1 - zeroPoint) return 0;
    const sigmoid = 1 / (1 + Math.exp(-this.variable.values[i]!));
    return (stretch.high - stretch.low) * sigmoid * (1 - sigmoid);
  }
}

export interface RoundingRange {
  readonly bits: number;
  /** One an output channel. */
  readonly scales: Float32Array;
  readonly zeroPoints: Uint8Array;
}
