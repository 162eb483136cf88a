import type { GraphNode, GraphValue, OnnxGraph } from "../../api.ts";
import type { GraphBuilder } from "../graph.ts";
import { rewriteGraph } from "./rewrite.ts";
import { attentionInProducts, productInTwo, waveInProducts } from "./writtenOut.ts";

/** A substitute replaces an operator that a provider does not compute as ONNX defines it, or does not have. */
interface Substitute {
  /** Returns whether this node is one that goes wrong. */
  applies(node: GraphNode, dims: (name: string) => GraphValue["dims"]): boolean;
  write(graph: GraphBuilder, inputs: readonly (GraphValue | undefined)[], node: GraphNode): GraphValue;
}

/**
 * WebGPU's attention operator goes through keys 8 or 16 at a time, one a lane of a subgroup, where queries, keys and values
 * are equally wide. With subgroups of 4 lanes, which software devices have, it reads lanes that are not there, and sums some
 * keys twice and others never. Source: ONNX Runtime, contrib_ops/webgpu/bert/flash_attention.cc.
 */
const narrowSubgroups: Substitute = {
  applies({ operator, inputs }, dims) {
    return operator === "MultiHeadAttention" && dims(inputs[1]!).at(-1) === dims(inputs[2]!).at(-1);
  },
  write: (graph, inputs, { attributes }) => attentionInProducts(graph, inputs, attributes),
};

/** A device may be off by 2^-11 in sine and cosine, and by more beyond ±π. Source: WGSL, accuracy of built-in functions. */
const coarseWaves: Substitute = {
  applies: ({ operator }) => operator === "Sin" || operator === "Cos",
  write: (graph, [x], { operator }) => waveInProducts(graph, x!, operator as "Sin" | "Cos"),
};

/**
 * A provider without FusedMatMul hands every linear layer to the processor, with a copy of its input there and one of its output
 * back. Source: ONNX Runtime, docs/ContribOperators.md, and the operators that each provider registers.
 */
const fusedProducts: Substitute = {
  applies: ({ operator }) => operator === "FusedMatMul",
  write: (graph, inputs, { attributes }) =>
    productInTwo(graph, inputs as readonly [GraphValue, GraphValue], attributes),
};

/** TensorRT's parser reads the operators of ONNX alone, and Microsoft's attention is none of them. */
const fusedAttention: Substitute = {
  applies: ({ operator }) => operator === "MultiHeadAttention",
  write: (graph, inputs, { attributes }) => attentionInProducts(graph, inputs, attributes),
};

const substitutes: Readonly<Record<string, readonly Substitute[]>> = {
  webgpu: [narrowSubgroups, coarseWaves, fusedProducts],
  tensorrt: [fusedAttention, fusedProducts],
};

/**
 * Returns the graph with operators that compute the same on every device of the provider; it is the graph itself where all of
 * them do.
 */
export function providerGraph(graph: OnnxGraph, provider: string): OnnxGraph {
  const own = substitutes[provider] ?? [];
  const dims = (name: string) => graph.values.get(name)!.dims;
  const substituteOf = (node: GraphNode) => own.find((substitute) => substitute.applies(node, dims));
  if (graph.nodes.every((node) => substituteOf(node) === undefined)) return graph;
  return rewriteGraph(graph, (node, inputs, builder) => {
    const substitute = substituteOf(node);
    return substitute && [substitute.write(builder, inputs, node)];
  });
}
