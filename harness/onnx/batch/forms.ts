import type { GraphNode, GraphValue } from "../../api.ts";
import type { GraphBuilder } from "../graph.ts";
import { ImageValues, joinedDims } from "./imageValues.ts";

/** A node of a graph for one image that is to be written for a batch; at least one of its inputs is an image's own. */
export interface BatchCall {
  readonly graph: GraphBuilder;
  readonly batch: number;
  readonly node: GraphNode;
  /** A value that all images share is a plain one; `undefined` stands for an optional input that is left out. */
  readonly inputs: readonly (ImageValues | GraphValue | undefined)[];
  /** Dimensions of the outputs for one image. */
  readonly outputs: readonly (readonly number[])[];
  /** Returns the numbers of an input that is a list of whole numbers; nothing for any other. */
  ints(input: number): readonly number[] | undefined;
}

/** Adds the node as it is, on joined images. */
export function asJoined({ graph, batch, node, inputs, outputs }: BatchCall): readonly GraphValue[] {
  return graph.ops(node.operator, inputs.map(joinedOf), node.attributes, {
    outputs: outputs.length,
    vouched: joinedDims(batch, outputs[0]!),
  });
}

/** Adds the node on images that have an axis of their own before `rank` others; what is shared broadcasts along it. */
export function asApart(call: BatchCall, rank: number, attributes = call.node.attributes): readonly GraphValue[] {
  const { graph, node, inputs, outputs } = call;
  const values = inputs.map((value) => (value instanceof ImageValues ? value.apart(rank) : value));
  return [joinedAgain(call, graph.op(node.operator, values, attributes), outputs[0]!)];
}

/** Adds the node once for each image; the results stand by output, then by image. */
export function imageByImage({ graph, batch, node, inputs, outputs }: BatchCall): readonly (readonly GraphValue[])[] {
  const images = Array.from({ length: batch }, (_, image) =>
    graph.ops(
      node.operator,
      inputs.map((value) => (value instanceof ImageValues ? value.parts[image] : value)),
      node.attributes,
      { outputs: outputs.length, vouched: outputs[0] },
    ),
  );
  return outputs.map((_, output) => images.map((values) => values[output]!));
}

/** Returns a shared value once for each image, joined as images are. */
export function repeated(call: BatchCall, shared: GraphValue): GraphValue {
  const dims = shared.dims as readonly number[];
  const { graph, batch } = call;
  const target = dims[0] === 1 ? joinedDims(batch, dims) : [batch, ...dims];
  const spread = graph.op("Expand", [shared, graph.ints(target)], {}, { vouched: target });
  return dims[0] === 1 ? spread : joinedAgain(call, spread, dims);
}

/** Gives joined images other dimensions, [batch · d0, d1, …]: images follow each other in memory, whatever the shape of one is. */
export function joinedAgain({ graph, batch }: BatchCall, value: GraphValue, dims: readonly number[]): GraphValue {
  return graph.op("Reshape", [value, graph.ints(joinedDims(batch, dims))]);
}

export function joinedOf(value: ImageValues | GraphValue | undefined): GraphValue | undefined {
  return value instanceof ImageValues ? value.joined : value;
}

export function isShared(value: ImageValues | GraphValue | undefined): value is GraphValue | undefined {
  return !(value instanceof ImageValues);
}
