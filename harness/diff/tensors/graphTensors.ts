import type { GraphContents, NamedNode, StoredValues } from "../../onnx/files/contents.ts";

/** Describes a value as a run of its graph found it. */
export interface SurveyedValue {
  readonly name: string;
  readonly type: string;
  /** Present for values of floating point. */
  readonly dims?: readonly number[] | undefined;
  /** Some of the values, as float32: those at the same places for every tensor of the same size. */
  readonly samples?: Float32Array | undefined;
}

/** A tensor of floating point that a node computes. */
export interface GraphTensor {
  readonly name: string;
  /** Place among the tensors of its graph, in the order in which they are computed. */
  readonly place: number;
  readonly node: NamedNode;
  readonly dims: readonly number[];
  readonly elements: number;
  readonly samples: Float32Array;
}

/** A value that is not compared, with the reason. */
export interface SkippedValue {
  readonly name: string;
  readonly reason: string;
}

/** Tensors of one graph, and how values follow from one another. */
export interface TensorGraph {
  readonly contents: GraphContents;
  readonly tensors: readonly GraphTensor[];
  readonly skipped: readonly SkippedValue[];
  /** Nodes that read a value, by its name. */
  readonly readers: ReadonlyMap<string, readonly NamedNode[]>;
  /** The node that computes a value, by its name. */
  readonly makers: ReadonlyMap<string, NamedNode>;
}

/** Names of what a graph's nodes compute; constants are no tensors here, they are stored values, cast or not. */
export function computedValues({ nodes, stored }: GraphContents): readonly string[] {
  const computing = nodes.filter((node) => node.operator !== "Constant" && castOf(node, stored) === undefined);
  return computing.flatMap(({ outputs }) => outputs.filter(isNamed));
}

/** Returns the stored values that a graph's node reads by a name: under that name, or through a Cast of them. */
export function storedAt(graph: TensorGraph, name: string): StoredValues | undefined {
  const { contents, makers } = graph;
  const maker = makers.get(name);
  return contents.stored.get(name) ?? (maker && castOf(maker, contents.stored));
}

/** Returns the stored values that a node only gives another type, as it does with weights of 16 bits; nothing for another node. */
function castOf({ operator, inputs }: NamedNode, stored: GraphContents["stored"]): StoredValues | undefined {
  return operator === "Cast" ? stored.get(inputs[0]!) : undefined;
}

export function tensorGraph(contents: GraphContents, surveyed: readonly SurveyedValue[]): TensorGraph {
  const known = new Map(surveyed.map((value) => [value.name, value]));
  const tensors: GraphTensor[] = [];
  const skipped: SkippedValue[] = [];
  const readers = new Map<string, NamedNode[]>();
  const makers = new Map<string, NamedNode>();
  for (const node of contents.nodes) {
    for (const name of node.inputs) readers.set(name, [...(readers.get(name) ?? []), node]);
    for (const name of node.outputs) {
      makers.set(name, node);
      const value = known.get(name);
      if (value === undefined) continue;
      const { dims, samples, type } = value;
      if (dims === undefined || samples === undefined) {
        skipped.push({ name, reason: type });
        continue;
      }
      const elements = dims.reduce((product, dim) => product * dim, 1);
      tensors.push({ name, place: tensors.length, node, dims, elements, samples });
    }
  }
  return { contents, tensors, skipped, readers, makers };
}

/** Operators that give the values that they take, in another order or shape, or some of them. */
const rearranging = new Set([
  ...["Identity", "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Split", "Slice", "Expand", "Dropout"],
  ...["DepthToSpace", "SpaceToDepth"],
]);

/** Tells whether a tensor has the values of another one: samples then say whether the order is right. */
export function isRearranged({ node }: GraphTensor): boolean {
  return rearranging.has(node.operator);
}

/** Dimensions without those of one: what a layer's export mostly differs in. */
export function squeezed({ dims }: GraphTensor): string {
  return dims.filter((dim) => dim !== 1).join(" x ");
}

function isNamed(name: string): boolean {
  return name !== "";
}
