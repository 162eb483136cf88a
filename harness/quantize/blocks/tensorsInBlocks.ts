import type { GraphConstant, GraphNode, GraphValue, OnnxGraph } from "../../api.ts";
import { type GraphBuilder, mul, reshape, rewriteGraph, slice } from "../../onnx/index.ts";
import { type BlockFormat, blockScales, blocksOf, packed, quantizeBlocks } from "./blockWeights.ts";
import { savesBytes } from "./weightOnly.ts";

/** ONNX's number of float32, as Cast's `to` wants it. */
const float32 = 1;

/** A float32 tensor of a graph, by what its first reader does with it. */
export interface StoredTensor {
  readonly constant: GraphConstant;
  readonly kind: "kernels" | "other";
}

/**
 * Returns the graph with float32 tensors in blocks: kernels along the values of an output channel, others along their last axis.
 * `choose` says how, or nothing for those that stay as they are; so does one that blocks would make no smaller. The runtime makes
 * float32 tensors of them when it opens the graph, by a cast and a product that it folds, so a run takes the time and the memory
 * of the float graph. DequantizeLinear, which says the same, it leaves to each run, and keeps kernels out of the layout that its
 * convolutions are fastest on.
 */
export function tensorsInBlocks(
  graph: OnnxGraph,
  choose: (tensor: StoredTensor) => BlockFormat | undefined,
): OnnxGraph {
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant]));
  const stored = new Map<string, GraphValue>();
  return rewriteGraph(graph, (node, inputs, builder) => {
    const values = node.inputs.map((name, i) => {
      const constant = constants.get(name);
      const plan = constant?.type === "float32" ? planOf(constant, node, choose) : undefined;
      if (plan === undefined) return inputs[i];
      const known = stored.get(name) ?? storedTensor(builder, plan);
      stored.set(name, known);
      return known;
    });
    if (values.every((value, i) => value === inputs[i])) return undefined;
    const vouched = graph.values.get(node.outputs[0]!)!.dims;
    return builder.ops(node.operator, values, node.attributes, { outputs: node.outputs.length, vouched });
  });
}

interface Plan {
  readonly constant: GraphConstant;
  readonly outputs: number;
  readonly inputs: number;
  readonly format: BlockFormat;
}

/** Returns how a tensor is stored; nothing where it stays. Rows that are shorter than a block are blocks by themselves. */
function planOf(
  constant: GraphConstant,
  { operator, inputs: [, second] }: GraphNode,
  choose: (tensor: StoredTensor) => BlockFormat | undefined,
): Plan | undefined {
  const kind = operator === "Conv" && second === constant.name ? "kernels" : "other";
  const format = choose({ constant, kind });
  if (format === undefined || constant.dims.length === 0) return undefined;
  const elements = constant.dims.reduce((product, dim) => product * dim, 1);
  const outputs = kind === "kernels" ? constant.dims[0]! : elements / constant.dims.at(-1)!;
  const inputs = elements / outputs;
  const own = { ...format, block: Math.min(format.block, inputs) };
  return savesBytes({ outputs, inputs }, own) ? { constant, outputs, inputs, format: own } : undefined;
}

/** Adds a tensor as integers and scales, and what makes float32 numbers of them. */
function storedTensor(graph: GraphBuilder, { constant, outputs, inputs, format }: Plan): GraphValue {
  const { bits, block } = format;
  const blocks = blocksOf(inputs, block);
  const name = `${constant.name}.int${bits}`;
  const read = () => constant.read() as Float32Array;
  const integers = graph.constant(name, bits === 4 ? "int4" : "int8", [outputs, blocks, block], () => {
    const values = quantizeBlocks(read(), inputs, format).integers;
    return bits === 4 ? packed(values, bits) : values;
  });
  const scales = graph.constant(`${name}.scales`, "float32", [outputs, blocks, 1], () =>
    blockScales(read(), inputs, format),
  );
  const values = mul(graph, graph.op("Cast", [integers], { to: float32 }), scales);
  const rows = reshape(graph, values, [outputs, blocks * block]);
  const own = blocks * block === inputs ? rows : slice(graph, rows, 1, 0, inputs);
  return reshape(graph, own, constant.dims);
}
