import type { TensorGraph } from "./graphTensors.ts";
import type { TensorPair } from "./matching.ts";
import { type StoredPair, storedPairs } from "./storedValues.ts";
import { diverges, type TensorError } from "./tensorError.ts";

const defaults = {
  /** Tensors that differ by more of the spread than this may be two different ones. */
  doubtful: 0.01,
};

/** A pair that was compared. */
export interface ComparedPair extends TensorPair {
  readonly error: TensorError;
  /** Says whether all values were compared, or samples of a tensor that has another one's values in another order. */
  readonly compared: "values" | "samples";
}

/** Describes the first pair that diverges by what it follows from. */
export interface Divergence {
  readonly pair: ComparedPair;
  /** The nearest pairs before it, from whose values its own are computed. */
  readonly inputs: readonly ComparedPair[];
  /** Weights and constants that its node reads. */
  readonly stored: readonly StoredPair[];
}

export interface TwoGraphs {
  readonly a: TensorGraph;
  readonly b: TensorGraph;
}

/**
 * Sorts out pairs that are no pairs: they have little in common, and not all that follows from them differs. They are two tensors of
 * one shape, or of one number in two exporters' counting, of which each side has its own.
 */
export function withoutChance(
  pairs: readonly ComparedPair[],
  { a, b }: TwoGraphs,
  tolerance: number,
): { readonly pairs: readonly ComparedPair[]; readonly byChance: readonly ComparedPair[] } {
  const inA = new Map(pairs.map((pair) => [pair.a.name, pair]));
  const inB = new Map(pairs.map((pair) => [pair.b.name, pair]));
  const byChance: ComparedPair[] = [];
  // From the end: what follows from a pair has been judged by then.
  for (const pair of pairs.toReversed()) {
    if (pair.by === "output" || !(pair.error.notFinite > 0 || pair.error.rms > defaults.doubtful)) continue;
    const next = [...following(a, pair.a.name, inA), ...following(b, pair.b.name, inB)];
    if (next.length > 0 && next.every(({ error }) => diverges(error, tolerance))) continue;
    inA.delete(pair.a.name);
    inB.delete(pair.b.name);
    byChance.push(pair);
  }
  const chance = new Set(byChance);
  return { pairs: pairs.filter((pair) => !chance.has(pair)), byChance: byChance.toReversed() };
}

/** Returns the first pair of A's order that diverges, with what it follows from; nothing where none does. */
export function firstDivergence(
  pairs: readonly ComparedPair[],
  { a, b }: TwoGraphs,
  tolerance: number,
): Divergence | undefined {
  const pair = pairs.find(({ error }) => diverges(error, tolerance));
  if (pair === undefined) return undefined;
  const inA = new Map(pairs.map((each) => [each.a.name, each]));
  const inB = new Map(pairs.map((each) => [each.b.name, each]));
  return {
    pair,
    inputs: [...new Set(pair.a.node.inputs.flatMap((name) => preceding(a, name, inA)))],
    stored: storedPairs(
      { graph: a, own: pair.a.node.inputs, before: readBefore(a, pair.a.node.inputs, inA) },
      { graph: b, own: pair.b.node.inputs, before: readBefore(b, pair.b.node.inputs, inB) },
    ),
  };
}

/**
 * Returns what the nodes read that stand between a tensor and the nearest pairs, nearest first: one side may compute in several
 * tensors what the other computes in one. `inputs` are those of the tensor's own node, and are not among it.
 */
function readBefore({ makers }: TensorGraph, inputs: readonly string[], pairs: Pairs): readonly string[] {
  const seen = new Set(inputs);
  for (const name of seen) {
    if (pairs.has(name)) continue;
    // A set that grows while it is gone through hands out what was added too.
    for (const input of makers.get(name)?.inputs ?? []) seen.add(input);
  }
  return [...seen].slice(new Set(inputs).size);
}

type Pairs = ReadonlyMap<string, ComparedPair>;

/** Returns the nearest pairs that are computed from a value, by way of values that have no partner. */
function following({ readers }: TensorGraph, name: string, pairs: Pairs): readonly ComparedPair[] {
  const outputsOf = (value: string) => (readers.get(value) ?? []).flatMap(({ outputs }) => outputs);
  return nearest(outputsOf(name), outputsOf, pairs);
}

/** Returns the nearest pairs that a value is computed from; the value's own, if it has a partner. */
function preceding({ makers }: TensorGraph, name: string, pairs: Pairs): readonly ComparedPair[] {
  return nearest([name], (value) => makers.get(value)?.inputs ?? [], pairs);
}

/** Goes on from values without a partner until there is one, each value once. */
function nearest(
  from: readonly string[],
  next: (value: string) => readonly string[],
  pairs: Pairs,
): readonly ComparedPair[] {
  const found = new Set<ComparedPair>();
  const seen = new Set<string>();
  const open = [...from];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (value === "" || seen.has(value)) continue;
    seen.add(value);
    const pair = pairs.get(value);
    if (pair === undefined) open.push(...next(value));
    else found.add(pair);
  }
  return [...found];
}
