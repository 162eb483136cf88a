import { power } from "../../stats/power.ts";
import type { Matrix } from "./tape.ts";

const defaults = { first: 0.9, second: 0.999, epsilon: 1e-8 };

/** Adam has one learning rate a matrix here. Source: Kingma and Ba, Adam, 2015. */
export class Adam {
  readonly #entries: readonly {
    readonly matrix: Matrix;
    readonly rate: number;
    readonly m: Float32Array;
    readonly v: Float32Array;
  }[];
  #steps = 0;

  constructor(parameters: readonly { readonly matrix: Matrix; readonly rate: number }[]) {
    this.#entries = parameters.map(({ matrix, rate }) => {
      const size = matrix.values.length;
      return { matrix, rate, m: new Float32Array(size), v: new Float32Array(size) };
    });
  }

  /** Makes one step by the gradients in the matrices, and then sets these to 0. `factor` multiplies the rates. */
  step(factor = 1): void {
    this.#steps++;
    const first = 1 - power(defaults.first, this.#steps);
    const second = 1 - power(defaults.second, this.#steps);
    for (const { matrix, rate, m, v } of this.#entries) {
      for (let i = 0; i < m.length; i++) {
        const g = matrix.gradient[i]!;
        m[i] = defaults.first * m[i]! + (1 - defaults.first) * g;
        v[i] = defaults.second * v[i]! + (1 - defaults.second) * g * g;
        matrix.values[i]! -= (factor * rate * (m[i]! / first)) / (Math.sqrt(v[i]! / second) + defaults.epsilon);
      }
      matrix.gradient.fill(0);
    }
  }
}
