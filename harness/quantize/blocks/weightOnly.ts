import type { GraphValue, OnnxGraph } from "../../api.ts";
import { type GraphBuilder, rewriteGraph } from "../../onnx/index.ts";
import { type FoundLinear, type Linear, linearFinder } from "../int8.ts";
import { outputsFirst } from "../int8Weights.ts";
import { type BlockFormat, blockBytes, blockScales, blocksOf, packed, quantizeBlocks } from "./blockWeights.ts";

/**
 * Numbers that a product is made of. `float32`: weights become float32 again, and nothing else is rounded. `int8`: activations
 * become int8 too, with a scale for each block of theirs, and products of integers are summed. These are the runtime's accuracy
 * levels 1 and 4; what level it may take where none is given is left to it.
 */
export type Arithmetic = "float32" | "int8";

const accuracyLevels: Readonly<Record<Arithmetic, number>> = { float32: 1, int8: 4 };

/** A linear layer whose weight is in blocks. */
export interface BlockLinear extends BlockFormat {
  readonly arithmetic: Arithmetic;
}

/**
 * Returns the graph with the weights of linear layers in blocks. `choose` says how, or nothing for those that stay as they are; so
 * does a weight that blocks would make no smaller. A weight that several products take is stored once.
 */
export function weightOnly(graph: OnnxGraph, choose: (linear: Linear) => BlockLinear | undefined): OnnxGraph {
  const linearOf = linearFinder(graph);
  return rewriteGraph(graph, (node, [x], builder) => {
    const linear = linearOf(node);
    const how = linear === undefined ? undefined : choose(linear);
    return how !== undefined && savesBytes(linear!, how)
      ? [blockProduct(builder, x!, { ...linear!, ...how })]
      : undefined;
  });
}

/** Tells whether blocks are smaller than the float32 numbers of a weight [outputs, inputs]. */
export function savesBytes({ outputs, inputs }: Pick<Linear, "outputs" | "inputs">, format: BlockFormat): boolean {
  return blockBytes(outputs, inputs, format) < outputs * inputs * Float32Array.BYTES_PER_ELEMENT;
}

/** Adds the product. The operator's integers are not signed: half of their range is what 0 is stored as. */
function blockProduct(graph: GraphBuilder, x: GraphValue, linear: FoundLinear & BlockLinear): GraphValue {
  const { constant, inputs, outputs, bits, block, arithmetic } = linear;
  const name = `${constant.name}.int${bits}`;
  const blocks = blocksOf(inputs, block);
  const integers = graph.constant(name, "uint8", [outputs, blocks, (block * bits) / 8], () =>
    packed(
      quantizeBlocks(outputsFirst(linear), inputs, linear).integers.map((integer) => integer + 2 ** (bits - 1)),
      bits,
    ),
  );
  const scales = graph.constant(`${name}.scales`, "float32", [outputs, blocks], () =>
    blockScales(outputsFirst(linear), inputs, linear),
  );
  return graph.op("MatMulNBits", [x, integers, scales], {
    K: inputs,
    N: outputs,
    bits,
    block_size: block,
    accuracy_level: accuracyLevels[arithmetic],
  });
}
