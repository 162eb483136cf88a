import type { UniformQuantizer } from "./uniform.ts";
import { roundHalfEven } from "./uniform.ts";

/** A matrix, row-major, with the loss's derivative by each of its elements. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
  readonly gradient: Float32Array;
}

export function matrix(rows: number, columns: number, values: Float32Array = new Float32Array(rows * columns)): Matrix {
  return { rows, columns, values, gradient: new Float32Array(rows * columns) };
}

/**
 * Remembers what was computed, and goes through it backwards. The few operators of an attention module or an MLP, each with
 * its own derivative written out.
 */
export class Tape {
  readonly #backward: (() => void)[] = [];

  /** Runs `compute` now and `derive` when the gradients come back. */
  record(result: Matrix, derive: () => void): Matrix {
    this.#backward.push(derive);
    return result;
  }

  /** From the derivatives that stand in a result's `gradient`. */
  backward(): void {
    for (const derive of this.#backward.toReversed()) derive();
  }

  /** x W^T + b: x [rows, inputs], W [outputs, inputs]. */
  linear(x: Matrix, weight: Matrix, bias: Float32Array): Matrix {
    const [rows, inputs, outputs] = [x.rows, x.columns, weight.rows];
    const result = matrix(rows, outputs);
    for (let row = 0; row < rows; row++)
      for (let output = 0; output < outputs; output++) {
        let sum = bias[output]!;
        const [a, b] = [row * inputs, output * inputs];
        for (let i = 0; i < inputs; i++) sum += x.values[a + i]! * weight.values[b + i]!;
        result.values[row * outputs + output] = sum;
      }
    return this.record(result, () => {
      for (let row = 0; row < rows; row++)
        for (let output = 0; output < outputs; output++) {
          const g = result.gradient[row * outputs + output]!;
          if (g === 0) continue;
          const [a, b] = [row * inputs, output * inputs];
          for (let i = 0; i < inputs; i++) {
            x.gradient[a + i]! += g * weight.values[b + i]!;
            weight.gradient[b + i]! += g * x.values[a + i]!;
          }
        }
    });
  }

  /** `derivative` gets x and what came of it. */
  map(x: Matrix, value: (x: number) => number, derivative: (x: number) => number): Matrix {
    const result = matrix(x.rows, x.columns, x.values.map(value));
    return this.record(result, () => {
      for (let i = 0; i < x.values.length; i++) x.gradient[i]! += result.gradient[i]! * derivative(x.values[i]!);
    });
  }

  /** A contiguous part of the columns. */
  columns(x: Matrix, start: number, count: number): Matrix {
    const result = matrix(x.rows, count);
    const each = (use: (from: number, to: number) => void) => {
      for (let row = 0; row < x.rows; row++)
        for (let i = 0; i < count; i++) use(row * x.columns + start + i, row * count + i);
    };
    each((from, to) => {
      result.values[to] = x.values[from]!;
    });
    return this.record(result, () =>
      each((from, to) => {
        x.gradient[from]! += result.gradient[to]!;
      }),
    );
  }

  /** Matrices of equal rows side by side. */
  join(parts: readonly Matrix[]): Matrix {
    const [rows, total] = [parts[0]!.rows, parts.reduce((sum, part) => sum + part.columns, 0)];
    const result = matrix(rows, total);
    const each = (use: (part: Matrix, at: number, to: number) => void) => {
      let start = 0;
      for (const part of parts) {
        for (let row = 0; row < rows; row++)
          for (let i = 0; i < part.columns; i++) use(part, row * part.columns + i, row * total + start + i);
        start += part.columns;
      }
    };
    each((part, at, to) => {
      result.values[to] = part.values[at]!;
    });
    return this.record(result, () =>
      each((part, at, to) => {
        part.gradient[at]! += result.gradient[to]!;
      }),
    );
  }

  /**
   * Quantised and back with a scale that learns: values inside the range pass their gradient on, and the scale gets the
   * rounding's share of it, or the bound's where a value is clipped. Values that `dropped` names stay as they are.
   * Source: Esser et al., Learned step size quantization, 2020; Wei et al., QDrop, 2022.
   */
  quantize(x: Matrix, quantizer: LearnedQuantizer, dropped: (index: number) => boolean): Matrix {
    const { bits, zeroPoint } = quantizer;
    const scale = quantizer.scale.values[0]!;
    const [low, high] = [-zeroPoint, 2 ** bits - 1 - zeroPoint];
    const result = matrix(x.rows, x.columns, x.values.slice());
    const off = new Float32Array(x.values.length);
    const passes = new Uint8Array(x.values.length).fill(1);
    for (let i = 0; i < x.values.length; i++) {
      if (dropped(i)) continue;
      const at = x.values[i]! / scale;
      const integer = Math.min(Math.max(roundHalfEven(at), low), high);
      const inside = at >= low && at <= high;
      result.values[i] = integer * scale;
      passes[i] = inside ? 1 : 0;
      off[i] = inside ? integer - at : integer;
    }
    return this.record(result, () => {
      let sum = 0;
      for (let i = 0; i < x.values.length; i++) {
        const g = result.gradient[i]!;
        sum += g * off[i]!;
        if (passes[i] === 1) x.gradient[i]! += g;
      }
      quantizer.scale.gradient[0]! += sum;
    });
  }
}

/** A uniform quantiser whose scale is learned. */
export interface LearnedQuantizer {
  readonly bits: number;
  readonly zeroPoint: number;
  /** [1, 1] */
  readonly scale: Matrix;
}

export function learned({ bits, zeroPoint, scale }: UniformQuantizer): LearnedQuantizer {
  return { bits, zeroPoint, scale: matrix(1, 1, Float32Array.of(scale)) };
}

export function gelu(x: number): number {
  return 0.5 * x * (1 + erf(x * Math.SQRT1_2));
}

export function geluDerivative(x: number): number {
  return 0.5 * (1 + erf(x * Math.SQRT1_2)) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
}

/** To 1.5e-7. Source: Abramowitz and Stegun, Handbook of mathematical functions, 7.1.26. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}
