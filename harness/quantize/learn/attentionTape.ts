import { log2Levels, smallestProbability } from "../log2.ts";
import { roundHalfEven } from "../uniform.ts";
import { addTimes, addTimesTransposed, addTransposedTimes, type Grid } from "./products.ts";
import { gradientOf, type LearnedQuantizer, type Matrix, matrix, type Tape } from "./tape.ts";

/** A logarithmic quantiser whose scale is learned. */
export interface LearnedLog2 {
  readonly bits: number;
  readonly tau: number;
  /** [1, 1] */
  readonly scale: Matrix;
}

export interface AttentionOf {
  /** Matrices of one head: [queries, width], [keys, width], [keys, width]. */
  readonly query: Matrix;
  readonly key: Matrix;
  readonly value: Matrix;
  /** Adds the distances between a query and the keys to the query's scores; gradients go back into the query. */
  readonly distances?: Distances;
  /** Quantises the probabilities; where it is left out, nothing does. */
  readonly softmax?: LearnedQuantizer | LearnedLog2;
  dropped(index: number): boolean;
}

/** SAM's relative positions: score(i, j) gains query i · rows[row i - row j] + query i · columns[column i - column j]. */
export interface Distances {
  /** Two tables of [2 side - 1, width]. */
  readonly rows: Float32Array;
  readonly columns: Float32Array;
  readonly side: number;
  /** The row-major places of each query and of each key are counted on the grid. */
  readonly queryPlaces: readonly number[];
  readonly keyPlaces: readonly number[];
}

/** Returns softmax(q k^T / sqrt(width) + distances) v, with the probabilities quantised: [queries, width]. */
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
  const factor = 1 / Math.sqrt(query.columns);
  const result = matrix(query.rows, key.rows);
  addTimesTransposed(result, query, key);
  for (let i = 0; i < result.values.length; i++) result.values[i]! *= factor;
  const tables = distances === undefined ? [] : tablesOf(distances, query.columns);
  for (const table of tables) addDistances(result, query, table);
  for (let row = 0; row < result.rows; row++)
    softmax(result.values.subarray(row * result.columns, (row + 1) * result.columns));
  return tape.record(result, () => {
    const scores = scoreGradients(result);
    for (const table of tables) addDistanceGradients(query, scores, table);
    for (let i = 0; i < scores.values.length; i++) scores.values[i]! *= factor;
    addTimes(gradientOf(query), scores, key);
    addTransposedTimes(gradientOf(key), scores, query);
  });
}

/** Replaces the row by its softmax. */
function softmax(row: Float32Array): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < row.length; i++) if (row[i]! > largest) largest = row[i]!;
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    const power = Math.exp(row[i]! - largest);
    row[i] = power;
    sum += power;
  }
  for (let i = 0; i < row.length; i++) row[i]! /= sum;
}

function scoreGradients({ rows, columns, values, gradient }: Matrix): Grid {
  const scores = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    const end = (row + 1) * columns;
    let mean = 0;
    for (let i = start; i < end; i++) mean += values[i]! * gradient[i]!;
    for (let i = start; i < end; i++) scores[i] = values[i]! * (gradient[i]! - mean);
  }
  return { rows, columns, values: scores };
}

/** A table holds the vectors of all differences along one axis, and the places of queries and keys on it. */
interface AxisTable {
  readonly vectors: Grid;
  readonly side: number;
  readonly queries: Int32Array;
  readonly keys: Int32Array;
}

function tablesOf({ rows, columns, side, queryPlaces, keyPlaces }: Distances, width: number): AxisTable[] {
  const axis = (values: Float32Array, along: (place: number) => number): AxisTable => ({
    vectors: { rows: 2 * side - 1, columns: width, values },
    side,
    queries: Int32Array.from(queryPlaces, along),
    keys: Int32Array.from(keyPlaces, along),
  });
  return [axis(rows, (place) => Math.floor(place / side)), axis(columns, (place) => place % side)];
}

function addDistances(scores: Grid, query: Matrix, { vectors, side, queries, keys }: AxisTable): void {
  const terms: Grid = { rows: query.rows, columns: vectors.rows, values: new Float32Array(query.rows * vectors.rows) };
  addTimesTransposed(terms, query, vectors);
  for (let i = 0; i < queries.length; i++) {
    const to = i * keys.length;
    const from = i * terms.columns + queries[i]! + side - 1;
    for (let j = 0; j < keys.length; j++) scores.values[to + j]! += terms.values[from - keys[j]!]!;
  }
}

function addDistanceGradients(query: Matrix, scores: Grid, { vectors, side, queries, keys }: AxisTable): void {
  const terms: Grid = { rows: query.rows, columns: vectors.rows, values: new Float32Array(query.rows * vectors.rows) };
  for (let i = 0; i < queries.length; i++) {
    const from = i * keys.length;
    const to = i * terms.columns + queries[i]! + side - 1;
    for (let j = 0; j < keys.length; j++) terms.values[to - keys[j]!]! += scores.values[from + j]!;
  }
  addTimes(gradientOf(query), terms, vectors);
}

function weigh(tape: Tape, probabilities: Matrix, value: Matrix): Matrix {
  const result = matrix(probabilities.rows, value.columns);
  addTimes(result, probabilities, value);
  return tape.record(result, () => {
    addTimesTransposed(gradientOf(probabilities), gradientOf(result), value);
    addTransposedTimes(gradientOf(value), probabilities, gradientOf(result));
  });
}

/**
 * Passes gradients straight through within the levels. The scale moves only by values that saturate at it: elsewhere, the level
 * and the logarithm depend on the scale in ways that cancel.
 */
function quantizeLog2(
  tape: Tape,
  x: Matrix,
  { bits, tau, scale }: LearnedLog2,
  dropped: AttentionOf["dropped"],
): Matrix {
  const s = scale.values[0]!;
  const table = log2Levels({ bits, tau, scale: s });
  const levels = 2 ** bits;
  const offset = tau * Math.log2(s);
  const result = matrix(x.rows, x.columns, x.values.slice());
  const state = new Int8Array(x.values.length);
  for (let i = 0; i < x.values.length; i++) {
    if (dropped(i)) continue;
    const q = roundHalfEven(offset - tau * Math.log2(Math.max(x.values[i]!, smallestProbability)));
    result.values[i] = table[Math.min(Math.max(q, 0), levels)]!;
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
