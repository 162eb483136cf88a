import { setImmediate } from "node:timers/promises";
import type { Random, Tensor } from "../../../harness/api.ts";
import { Adam } from "../../../harness/quantize/learn/adam.ts";
import { type Matrix, matrix, Tape } from "../../../harness/quantize/learn/tape.ts";
import { integer, random, sampleWithoutReplacement } from "../../../harness/stats/random.ts";
import type { Unit, UnitInput, UnitShape } from "./units.ts";

const defaults = {
  /**
   * Rows of a unit's output that an iteration sees. Where a group has few, such as a prompt's tokens, they come from several
   * groups.
   */
  rows: 64,
  /** Rates of learning. Published are 1e-3 and 4e-5 over 20,000 iterations; with fewer iterations each has to go further. */
  rates: { rounding: 0.03, scale: 2e-3 },
  /**
   * Regulariser of rounding. Its weight is multiplied by a rounding's share in the unit's error, since units' outputs differ in
   * size.
   */
  regulariser: { weight: 100, warmUp: 0.2, from: 20, to: 2 },
  /** One image in so many is left out of learning; what was learned is judged by these images. */
  leftOut: 4,
  /** The least number of rows that a unit is judged by; some are of every image. */
  judgedRows: 256,
};

/** Record of a unit's inputs on one image: it holds those of the float way and those of the quantised one. */
export interface Seen {
  readonly float: readonly Tensor[];
  readonly quantized: readonly Tensor[];
}

interface Reconstruction {
  readonly seed: number;
  readonly iterations: number;
  /** Hears of each iteration once it is done, and may throw to end learning. */
  report(): void;
}

/**
 * Result of learning: it holds the unit's errors before and after, on images left out of learning. The unit is quantised whole,
 * with every rounding decided.
 */
interface Reconstructed {
  readonly before: number;
  readonly after: number;
}

/**
 * Learns a unit's rounding and scales towards its float output, on inputs that are mixed element by element of both ways and
 * with half of its own quantisers dropped. The unit is left as learned, whether that is better or not.
 * Source: Wei et al., QDrop, 2022; Nagel et al., Up or down?, 2020.
 */
export async function reconstruct(unit: Unit, seen: readonly Seen[], how: Reconstruction): Promise<Reconstructed> {
  const { taught, judged } = divided(seen);
  const before = outputError(unit, judged, how.seed);
  await learn(unit, taught, how, before);
  return { before, after: outputError(unit, judged, how.seed) };
}

/** Divides images into those that teach and those that judge. Where there are too few to leave some out, all serve for both. */
function divided(seen: readonly Seen[]): { readonly taught: readonly Seen[]; readonly judged: readonly Seen[] } {
  const { leftOut } = defaults;
  if (seen.length < leftOut) return { taught: seen, judged: seen };
  const judging = (i: number) => i % leftOut === leftOut - 1;
  return { taught: seen.filter((_, i) => !judging(i)), judged: seen.filter((_, i) => judging(i)) };
}

async function learn(unit: Unit, seen: readonly Seen[], how: Reconstruction, start: number): Promise<void> {
  const { rates, regulariser } = defaults;
  const layers = [...unit.layers.values()];
  const scales = [...layers.map(({ input }) => input), ...unit.activations.values()];
  const ranges = [...scales, ...(unit.softmax ? [unit.softmax] : [])].map(({ scale }) => scale);
  const roundings = new Adam(layers.map(({ rounding }) => ({ matrix: rounding.variable, rate: rates.rounding })));
  const rangeSteps = new Adam(ranges.map((scale) => ({ matrix: scale, rate: rates.scale * scale.values[0]! })));
  const share = start / layers.reduce((sum, { weight }) => sum + weight.values.length, 0);
  const stream = random(how.seed, "reconstruction", unit.shape.path);
  const dropped = coinFlips(Math.floor(stream.next() * 2 ** 32));
  for (let iteration = 0; iteration < how.iterations; iteration++) {
    const draws = drawsOf(unit.shape, seen[0]!);
    for (let draw = 0; draw < draws; draw++)
      backpropagate(unit, drawRows(unit.shape, seen[integer(stream, seen.length)]!, stream), { dropped, draws });
    const progress = iteration / how.iterations;
    const late = (progress - regulariser.warmUp) / (1 - regulariser.warmUp);
    const beta = regulariser.from + (regulariser.to - regulariser.from) * late;
    if (late >= 0) for (const { rounding } of layers) rounding.regularize(regulariser.weight * share, beta);
    roundings.step();
    rangeSteps.step(0.5 * (1 + Math.cos(Math.PI * progress)));
    how.report();
    // Lets an interruption in.
    await setImmediate();
  }
}

/** Adds the gradients of the mean over all draws' rows of the squared distance between the unit's outputs. */
function backpropagate(
  unit: Unit,
  { float, quantized }: Drawn,
  { dropped, draws }: { readonly dropped: () => boolean; readonly draws: number },
): void {
  const target = unit.run(new Tape(), float, { quantized: false });
  const tape = new Tape();
  const result = unit.run(tape, mixed(float, quantized, dropped), { quantized: true, rounding: "soft", dropped });
  for (let i = 0; i < result.values.length; i++)
    result.gradient[i] = (2 * (result.values[i]! - target.values[i]!)) / (draws * result.rows);
  tape.backward();
}

/** Returns the mean over rows of the squared distance between what the quantised unit gives and what the float one does. */
function outputError(unit: Unit, seen: readonly Seen[], seed: number): number {
  const stream = random(seed, "reconstruction check", unit.shape.path);
  let sum = 0;
  let rows = 0;
  for (let i = 0; i < seen.length || rows < defaults.judgedRows; i++) {
    const { float, quantized } = drawRows(unit.shape, seen[i % seen.length]!, stream);
    const target = unit.run(new Tape(), float, { quantized: false });
    const result = unit.run(new Tape(), quantized, { quantized: true, rounding: "decided", dropped: () => false });
    for (let at = 0; at < result.values.length; at++) sum += (result.values[at]! - target.values[at]!) ** 2;
    rows += result.rows;
  }
  return sum / rows;
}

/**
 * Returns true in half of the draws, by a generator of one word: a unit drops hundreds of thousands of elements an iteration.
 * Source: Marsaglia, Xorshift RNGs, 2003.
 */
function coinFlips(seed: number): () => boolean {
  let word = seed | 1;
  return () => {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    return (word & 0x10000) !== 0;
  };
}

/** Returns how many groups together have the rows of an iteration. */
export function drawsOf({ kind }: UnitShape, { float }: Seen): number {
  const [groups, tokens] = float[0]!.dims as [number, number, number];
  const rows = kind === "attention" || kind === "self attention" ? tokens : groups * tokens;
  return Math.max(1, Math.floor(defaults.rows / rows));
}

/** Rows of a unit's inputs: they are the same on both ways. */
interface Drawn {
  readonly float: UnitInput;
  readonly quantized: UnitInput;
}

/**
 * Draws some rows of an image. Of an attention these are queries of one group; its keys are all there, since a softmax over
 * some of them has other probabilities.
 */
export function drawRows({ kind }: UnitShape, { float, quantized }: Seen, stream: Random): Drawn {
  const [groups, tokens] = float[0]!.dims as [number, number, number];
  const some = (count: number) => sampleWithoutReplacement(stream, count, Math.min(count, defaults.rows));
  const both = (inputOf: (tensors: readonly Tensor[]) => UnitInput) => ({
    float: inputOf(float),
    quantized: inputOf(quantized),
  });
  if (kind === "gelu mlp" || kind === "relu mlp") {
    const rows = some(groups * tokens);
    return both(([only]) => ({ matrices: [rowsOf(only!, rows)] }));
  }
  const group = integer(stream, groups);
  const queries = some(tokens);
  if (kind === "self attention") return both(([only]) => ({ matrices: [groupOf(only!, group)], queries }));
  const rows = queries.map((row) => group * tokens + row);
  return both(([query, key, value]) => ({
    matrices: [rowsOf(query!, rows), groupOf(key!, group), groupOf(value!, group)],
  }));
}

function rowsOf({ dims, data }: Tensor, rows: readonly number[]): Matrix {
  const width = dims.at(-1)!;
  const picked = matrix(rows.length, width);
  for (const [i, row] of rows.entries()) picked.values.set(data.subarray(row * width, (row + 1) * width), i * width);
  return picked;
}

function groupOf({ dims, data }: Tensor, group: number): Matrix {
  const [tokens, width] = dims.slice(-2) as [number, number];
  return matrix(tokens, width, data.slice(group * tokens * width, (group + 1) * tokens * width));
}

function mixed(float: UnitInput, quantized: UnitInput, dropped: () => boolean): UnitInput {
  const matrices = float.matrices.map(({ rows, columns, values }, i) => {
    const coarse = quantized.matrices[i]!.values;
    const result = matrix(rows, columns);
    for (let at = 0; at < values.length; at++) result.values[at] = dropped() ? values[at]! : coarse[at]!;
    return result;
  });
  return { ...float, matrices };
}
