import type { GraphNode, GraphValue, OnnxGraph } from "../../api.ts";
import type { GraphBuilder } from "../graph.ts";
import { concat, split } from "../layers.ts";
import { rewriteGraph } from "./rewrite.ts";

const defaults = {
  /** A hidden layer of more bytes is written to memory and read again from there: it goes in parts. */
  wholeBytes: 16 * 2 ** 20,
  /** Bytes of the hidden layer of a part, which stays in the caches, and so do the sums that a product adds up in several goes. */
  partBytes: 8 * 2 ** 20,
  /** The most parts: each is a node of its own, and costs some microseconds. */
  parts: 64,
};

/** An MLP: a product that widens tokens [1, tokens, width], GELU with a bias, and a product that narrows them again. */
interface Mlp {
  readonly widen: GraphNode;
  readonly activate: GraphNode;
  /** Tokens of each part. */
  readonly sizes: readonly number[];
}

/**
 * Returns the graph with large MLPs in parts of their tokens, which changes no result: a token's row does not depend on the others.
 * With ViT-B's 4096 tokens the hidden layer is 50 MB, which no cache holds until the second product takes it up; in parts of 512
 * the encoder needs less of the processor and less memory. An MLP whose weights are in blocks stays whole: each part would make
 * float32 numbers of them anew, which costs more than the caches save. It is the graph itself where no MLP is large.
 */
export function mlpInParts(graph: OnnxGraph): OnnxGraph {
  const mlps = mlpsOf(graph);
  if (mlps.size === 0) return graph;
  const inside = new Set([...mlps.values()].flatMap(({ widen, activate }) => [widen, activate]));
  /** Constants of the nodes that are written with the last of their MLP, by the value that the node gives. */
  const constants = new Map<string, GraphValue>();
  return rewriteGraph(graph, (node, [x, constant], builder) => {
    if (inside.has(node)) {
      constants.set(node.outputs[0]!, constant!);
      // The tokens stand in for what is computed of them until the MLP is whole.
      return [x!];
    }
    const mlp = mlps.get(node);
    if (mlp === undefined) return undefined;
    const matrix = constants.get(mlp.widen.outputs[0]!)!;
    const bias = constants.get(mlp.activate.outputs[0]!)!;
    return [written(builder, x!, { sizes: mlp.sizes, matrix, bias, last: constant! })];
  });
}

interface Written {
  readonly sizes: readonly number[];
  readonly matrix: GraphValue;
  readonly bias: GraphValue;
  readonly last: GraphValue;
}

function written(graph: GraphBuilder, x: GraphValue, { sizes, matrix, bias, last }: Written): GraphValue {
  const times = (part: GraphValue, weight: GraphValue) => graph.op("FusedMatMul", [part, weight], { transB: 1 });
  const parts = split(graph, x, 1, sizes).map((part) => times(graph.op("BiasGelu", [times(part, matrix), bias]), last));
  return concat(graph, parts, 1);
}

/** Returns the large MLPs of the graph by their last node. */
function mlpsOf({ nodes, constants, values, outputs }: OnnxGraph): ReadonlyMap<GraphNode, Mlp> {
  const givers = new Map(nodes.map((node) => [node.outputs[0]!, node]));
  const weights = new Set(constants.map(({ name }) => name));
  const uses = new Map(outputs.map(({ name }) => [name, 1]));
  for (const name of nodes.flatMap(({ inputs }) => inputs)) uses.set(name, (uses.get(name) ?? 0) + 1);
  const isProduct = ({ operator, attributes, inputs }: GraphNode) =>
    operator === "FusedMatMul" && Object.keys(attributes).join() === "transB" && weights.has(inputs[1]!);
  const found = new Map<GraphNode, Mlp>();
  for (const last of nodes.filter(isProduct)) {
    const activate = givers.get(last.inputs[0]!);
    const widen = activate?.operator === "BiasGelu" ? givers.get(activate.inputs[0]!) : undefined;
    if (activate === undefined || widen === undefined || !isProduct(widen)) continue;
    if ([activate, widen].some((node) => uses.get(node.outputs[0]!) !== 1)) continue;
    const sizes = partSizes(values.get(activate.outputs[0]!)!);
    if (sizes !== undefined) found.set(last, { widen, activate, sizes });
  }
  return found;
}

/**
 * Returns the tokens of each part; nothing where the hidden layer is small, its size is open, or it would need too many parts. Parts
 * are equal where twice as many as needed suffice for that. A method that leaves tokens out may keep a prime number of them: then
 * there are as few parts as can be, and their tokens differ by one.
 */
function partSizes({ dims }: GraphValue): readonly number[] | undefined {
  const [one, tokens, hidden] = dims;
  if (dims.length !== 3 || one !== 1 || typeof tokens !== "number" || typeof hidden !== "number") return undefined;
  const bytes = tokens * hidden * Float32Array.BYTES_PER_ELEMENT;
  if (bytes <= defaults.wholeBytes) return undefined;
  const fewest = Math.ceil(bytes / defaults.partBytes);
  if (fewest > defaults.parts) return undefined;
  for (let parts = fewest; parts <= Math.min(2 * fewest, defaults.parts); parts++)
    if (tokens % parts === 0) return new Array<number>(parts).fill(tokens / parts);
  const startOf = (part: number) => Math.floor((part * tokens) / fewest);
  return Array.from({ length: fewest }, (_, part) => startOf(part + 1) - startOf(part));
}
