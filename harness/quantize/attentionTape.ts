import { smallestProbability } from "./log2.ts";
import { type LearnedQuantizer, type Matrix, matrix, type Tape } from "./tape.ts";
import { roundHalfEven } from "./uniform.ts";

/** A logarithmic quantiser whose scale is learned. */
export interface LearnedLog2 {
  readonly bits: number;
  readonly tau: number;
  /** [1, 1] */
  readonly scale: Matrix;
}

export interface AttentionOf {
  /** [queries, width], [keys, width], [keys, width], of one head. */
  readonly query: Matrix;
  readonly key: Matrix;
  readonly value: Matrix;
  /** Adds to a query's scores what its distances to the keys say; gradients go back into the query. */
  readonly distances?: Distances;
  /** Nothing quantises the probabilities where it is left out. */
  readonly softmax?: LearnedQuantizer | LearnedLog2;
  dropped(index: number): boolean;
}

/** SAM's relative positions: score(i, j) gains query i · rows[row i - row j] + query i · columns[column i - column j]. */
export interface Distances {
  /** [2 side - 1, width] each. */
  readonly rows: Float32Array;
  readonly columns: Float32Array;
  readonly side: number;
  /** Row-major place of each query and of each key. */
  readonly queryPlaces: readonly number[];
  readonly keyPlaces: readonly number[];
}

/** softmax(q k^T / sqrt(width) + distances) v, the probabilities quantised: [queries, width]. */
export function attention(tape: Tape, how: AttentionOf): Matrix {
  const probabilities = probabilitiesOf(tape, how);
  const { softmax, value, dropped } = how;
  if (softmax === undefined) return weigh(tape, probabilities, value);
  const quantized =
    "tau" in softmax
      ? quantizeLog2(tape, probabilities, softmax, dropped)
      : tape.quantize(probabilities, softmax, dropped);
  return weigh(tape, quantized, value);
}

function probabilitiesOf(tape: Tape, { query, key, distances }: AttentionOf): Matrix {
  const [rows, columns, width] = [query.rows, key.rows, query.columns];
  const factor = width ** -0.5;
  const result = matrix(rows, columns);
  // What multiplies query i in the score against key j: the key, scaled, and its two distances.
  const direction = new Float32Array(width);
  const directionTo = (i: number, j: number) => {
    for (let c = 0; c < width; c++) direction[c] = key.values[j * width + c]! * factor;
    if (distances === undefined) return;
    const { side, queryPlaces, keyPlaces } = distances;
    const [a, b] = [queryPlaces[i]!, keyPlaces[j]!];
    const row = (Math.floor(a / side) - Math.floor(b / side) + side - 1) * width;
    const column = ((a % side) - (b % side) + side - 1) * width;
    for (let c = 0; c < width; c++) direction[c]! += distances.rows[row + c]! + distances.columns[column + c]!;
  };
  for (let i = 0; i < rows; i++) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < columns; j++) {
      directionTo(i, j);
      let score = 0;
      for (let c = 0; c < width; c++) score += query.values[i * width + c]! * direction[c]!;
      result.values[i * columns + j] = score;
      largest = Math.max(largest, score);
    }
    let sum = 0;
    for (let j = i * columns; j < (i + 1) * columns; j++) {
      result.values[j] = Math.exp(result.values[j]! - largest);
      sum += result.values[j]!;
    }
    for (let j = i * columns; j < (i + 1) * columns; j++) result.values[j]! /= sum;
  }
  return tape.record(result, () => {
    for (let i = 0; i < rows; i++) {
      let mean = 0;
      for (let j = i * columns; j < (i + 1) * columns; j++) mean += result.values[j]! * result.gradient[j]!;
      for (let j = 0; j < columns; j++) {
        const at = i * columns + j;
        const g = result.values[at]! * (result.gradient[at]! - mean);
        if (g === 0) continue;
        directionTo(i, j);
        for (let c = 0; c < width; c++) {
          query.gradient[i * width + c]! += g * direction[c]!;
          key.gradient[j * width + c]! += g * factor * query.values[i * width + c]!;
        }
      }
    }
  });
}

function weigh(tape: Tape, probabilities: Matrix, value: Matrix): Matrix {
  const [rows, columns, width] = [probabilities.rows, probabilities.columns, value.columns];
  const result = matrix(rows, width);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const p = probabilities.values[i * columns + j]!;
      for (let c = 0; c < width; c++) result.values[i * width + c]! += p * value.values[j * width + c]!;
    }
  return tape.record(result, () => {
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        const p = probabilities.values[i * columns + j]!;
        let sum = 0;
        for (let c = 0; c < width; c++) {
          const g = result.gradient[i * width + c]!;
          sum += g * value.values[j * width + c]!;
          value.gradient[j * width + c]! += g * p;
        }
        probabilities.gradient[i * columns + j]! += sum;
      }
  });
}

/**
 * Straight through within the levels. The scale moves by those that saturate at it alone: elsewhere the level's and the
 * logarithm's dependence on it cancel.
 */
function quantizeLog2(
  tape: Tape,
  x: Matrix,
  { bits, tau, scale }: LearnedLog2,
  dropped: AttentionOf["dropped"],
): Matrix {
  const [s, levels] = [scale.values[0]!, 2 ** bits];
  const result = matrix(x.rows, x.columns, x.values.slice());
  const state = new Int8Array(x.values.length);
  for (let i = 0; i < x.values.length; i++) {
    if (dropped(i)) continue;
    const q = roundHalfEven(-tau * Math.log2(Math.max(x.values[i]!, smallestProbability) / s));
    result.values[i] = q >= levels ? 0 : s * 2 ** (-Math.max(q, 0) / tau);
    if (q < 0) state[i] = 1;
    if (q >= levels) state[i] = -1;
  }
  return tape.record(result, () => {
    for (let i = 0; i < x.values.length; i++) {
      const g = result.gradient[i]!;
      if (state[i] === 0) x.gradient[i]! += g;
      else if (state[i] === 1) scale.gradient[0]! += g;
    }
  });
}
