import type { DeclaredValue } from "../../api.ts";
import { align } from "./alignment.ts";
import type { GraphTensor, TensorGraph } from "./graphTensors.ts";
import { diverges, errorOf } from "./tensorError.ts";

/** Two tensors that should be the same. */
export interface TensorPair {
  readonly a: GraphTensor;
  readonly b: GraphTensor;
  /** Says how they were found: as outputs of the graphs, by their name, or by shape, order and values. */
  readonly by: "output" | "name" | "order";
}

export interface Matching {
  /** Pairs stand in the order in which A computes them. */
  readonly pairs: readonly TensorPair[];
  readonly aloneA: readonly GraphTensor[];
  readonly aloneB: readonly GraphTensor[];
  /** True where too many tensors were left without a name in common to be matched by order. */
  readonly namesAlone: boolean;
}

/** An output of A and its partner. */
export interface OutputPair {
  readonly a: string;
  readonly b: string;
}

/** Pairs the outputs of two graphs by name; those whose names differ, by their place. */
export function pairedOutputs(a: readonly DeclaredValue[], b: readonly DeclaredValue[]): readonly OutputPair[] {
  const named = new Set(a.map(({ name }) => name));
  const shared = new Set(b.flatMap(({ name }) => (named.has(name) ? [name] : [])));
  const restB = b.filter(({ name }) => !shared.has(name));
  const restA = a.filter(({ name }) => !shared.has(name));
  return [
    ...[...shared].map((name) => ({ a: name, b: name })),
    ...restA.slice(0, restB.length).map(({ name }, i) => ({ a: name, b: restB[i]!.name })),
  ];
}

const defaults = {
  /** Tensors of one name whose samples differ by at most this share of the spread are the same tensor without more questions. */
  alike: 1e-3,
};

/**
 * Finds the tensors of B that should be those of A: outputs first, then tensors of one name with values that agree, then the rest by
 * shape, order, values and name. A name alone is not enough, because exporters number their nodes.
 */
export function matchTensors(a: TensorGraph, b: TensorGraph, outputs: readonly OutputPair[]): Matching {
  const inB = new Map(b.tensors.map((tensor) => [tensor.name, tensor]));
  const outputOf = new Map(outputs.map((pair) => [pair.a, pair.b]));
  const pairs: TensorPair[] = [];
  const taken = new Set<GraphTensor>();
  const take = (pair: TensorPair) => {
    pairs.push(pair);
    taken.add(pair.a).add(pair.b);
  };
  for (const tensor of a.tensors) {
    const other = inB.get(outputOf.get(tensor.name) ?? tensor.name);
    if (other === undefined || other.elements !== tensor.elements || taken.has(other)) continue;
    if (outputOf.has(tensor.name)) take({ a: tensor, b: other, by: "output" });
    else if (areAlike(tensor, other)) take({ a: tensor, b: other, by: "name" });
  }
  const restA = a.tensors.filter((tensor) => !taken.has(tensor));
  const restB = b.tensors.filter((tensor) => !taken.has(tensor));
  const aligned = align(restA, restB);
  const found = aligned ?? sameNames(restA, restB);
  for (const [own, other] of found) take({ a: own, b: other, by: own.name === other.name ? "name" : "order" });
  return {
    pairs: pairs.toSorted((x, y) => x.a.place - y.a.place),
    aloneA: restA.filter((tensor) => !taken.has(tensor)),
    aloneB: restB.filter((tensor) => !taken.has(tensor)),
    namesAlone: aligned === undefined,
  };
}

function areAlike(a: GraphTensor, b: GraphTensor): boolean {
  return a.samples.length === b.samples.length && !diverges(errorOf(a.samples, b.samples), defaults.alike);
}

function sameNames(
  a: readonly GraphTensor[],
  b: readonly GraphTensor[],
): readonly (readonly [GraphTensor, GraphTensor])[] {
  const inB = new Map(b.map((tensor) => [tensor.name, tensor]));
  return a.flatMap((tensor) => {
    const other = inB.get(tensor.name);
    return other === undefined || other.elements !== tensor.elements ? [] : [[tensor, other] as const];
  });
}
