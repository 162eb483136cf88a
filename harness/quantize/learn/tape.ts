import type { UniformQuantizer } from "../uniform.ts";
import { roundHalfEven } from "../uniform.ts";
import { addTimes, addTimesTransposed, addTransposedTimes, type Grid } from "./products.ts";

/** A matrix is row-major, and has the loss's derivative by each of its elements. */
export interface Matrix extends Grid {
  readonly gradient: Float32Array;
}

export function matrix(rows: number, columns: number, values: Float32Array = new Float32Array(rows * columns)): Matrix {
  return { rows, columns, values, gradient: new Float32Array(rows * columns) };
}

/** Returns the derivatives of a matrix as a grid of their own. */
export function gradientOf({ rows, columns, gradient }: Matrix): Grid {
  return { rows, columns, values: gradient };
}

/**
 * A tape records what was computed, and goes through it backwards. It has the few operators of an attention module or an MLP,
 * each with its own derivative written out.
 */
export class Tape {
  readonly #backward: (() => void)[] = [];

  /** Records a result; `derive` runs when the gradients come back. */
  record(result: Matrix, derive: () => void): Matrix {
    this.#backward.push(derive);
    return result;
  }

  /** Runs backwards from the derivatives in a result's `gradient`. */
  backward(): void {
    for (const derive of this.#backward.toReversed()) derive();
  }

  /** Returns x W^T + b: x [rows, inputs], W [outputs, inputs]. */
  linear(x: Matrix, weight: Matrix, bias: Float32Array): Matrix {
    const result = matrix(x.rows, weight.rows);
    for (let row = 0; row < x.rows; row++) result.values.set(bias, row * weight.rows);
    addTimesTransposed(result, x, weight);
    return this.record(result, () => {
      addTimes(gradientOf(x), gradientOf(result), weight);
      addTransposedTimes(gradientOf(weight), gradientOf(result), x);
    });
  }

  map(x: Matrix, value: (x: number) => number, derivative: (x: number) => number): Matrix {
    const result = matrix(x.rows, x.columns, x.values.map(value));
    return this.record(result, () => {
      for (let i = 0; i < x.values.length; i++) x.gradient[i]! += result.gradient[i]! * derivative(x.values[i]!);
    });
  }

  /** Returns a contiguous part of the columns. */
  columns(x: Matrix, start: number, count: number): Matrix {
    const result = matrix(x.rows, count);
    for (let row = 0; row < x.rows; row++) {
      const from = row * x.columns + start;
      result.values.set(x.values.subarray(from, from + count), row * count);
    }
    return this.record(result, () => {
      for (let row = 0; row < x.rows; row++)
        addTo(x.gradient, row * x.columns + start, result.gradient.subarray(row * count, (row + 1) * count));
    });
  }

  /** Returns some rows, in the order in which they are named. */
  rows(x: Matrix, chosen: readonly number[]): Matrix {
    const { columns } = x;
    const result = matrix(chosen.length, columns);
    for (const [i, row] of chosen.entries())
      result.values.set(x.values.subarray(row * columns, (row + 1) * columns), i * columns);
    return this.record(result, () => {
      for (const [i, row] of chosen.entries())
        addTo(x.gradient, row * columns, result.gradient.subarray(i * columns, (i + 1) * columns));
    });
  }

  /** Returns matrices of equal rows side by side. */
  join(parts: readonly Matrix[]): Matrix {
    const rows = parts[0]!.rows;
    const total = parts.reduce((sum, part) => sum + part.columns, 0);
    const result = matrix(rows, total);
    const starts = parts.map((_, i) => parts.slice(0, i).reduce((sum, part) => sum + part.columns, 0));
    for (const [i, { columns, values }] of parts.entries())
      for (let row = 0; row < rows; row++)
        result.values.set(values.subarray(row * columns, (row + 1) * columns), row * total + starts[i]!);
    return this.record(result, () => {
      for (const [i, { columns, gradient }] of parts.entries())
        for (let row = 0; row < rows; row++) {
          const from = row * total + starts[i]!;
          addTo(gradient, row * columns, result.gradient.subarray(from, from + columns));
        }
    });
  }

  /**
   * Quantises values and turns them back with a scale that learns: values inside the range pass their gradient on, and the scale
   * gets the rounding's share of it, or the bound's where a value is clipped. Values that `dropped` names stay as they are.
   * Source: Esser et al., Learned step size quantization, 2020; Wei et al., QDrop, 2022.
   */
  quantize(x: Matrix, quantizer: LearnedQuantizer, dropped: (index: number) => boolean): Matrix {
    const { bits, zeroPoint } = quantizer;
    const scale = quantizer.scale.values[0]!;
    const low = -zeroPoint;
    const high = 2 ** bits - 1 - zeroPoint;
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

function addTo(sums: Float32Array, start: number, values: Float32Array): void {
  for (let i = 0; i < values.length; i++) sums[start + i]! += values[i]!;
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

/**
 * Returns the error function, accurate to 1.5e-7. Source: Abramowitz and Stegun, Handbook of mathematical functions, 7.1.26.
 */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}
