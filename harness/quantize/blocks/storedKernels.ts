import type { GraphConstant, GraphNode, GraphValue, OnnxGraph } from "../../api.ts";
import { type GraphBuilder, mul, reshape, rewriteGraph, slice } from "../../onnx/index.ts";
import { type BlockFormat, blocksOf, packed, quantizeBlocks } from "./blockWeights.ts";
import { savesBytes } from "./weightOnly.ts";

/** ONNX's number of float32, as Cast's `to` wants it. */
const float32 = 1;

/**
 * Returns the graph with the kernels of its convolutions in blocks, each along the values of one output channel; kernels that
 * blocks would make no smaller stay as they are. The runtime has no convolution of them. It makes float32 kernels when it opens
 * the graph, by a cast and a product that it folds, so a run takes the time and the memory of the float graph. DequantizeLinear,
 * which says the same, it leaves to each run, and keeps the kernels out of the layout that its convolution is fastest on.
 */
export function kernelsInBlocks(graph: OnnxGraph, format: BlockFormat): OnnxGraph {
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant]));
  return rewriteGraph(graph, (node, [x, , bias], builder) => {
    const kernels = kernelsOf(node, constants);
    if (kernels === undefined) return undefined;
    const matrix = matrixOf(kernels);
    // A channel of few values is a block by itself.
    const own = { ...format, block: Math.min(format.block, matrix.inputs) };
    if (!savesBytes(matrix, own)) return undefined;
    return [builder.op("Conv", [x, storedKernels(builder, kernels, own), bias], node.attributes)];
  });
}

function kernelsOf(
  { operator, inputs }: GraphNode,
  constants: ReadonlyMap<string, GraphConstant>,
): GraphConstant | undefined {
  const kernels = constants.get(inputs[1] ?? "");
  return operator === "Conv" && kernels?.type === "float32" ? kernels : undefined;
}

/** Returns the sizes of kernels [outputs, channels, height, width] as a matrix. */
function matrixOf({ dims: [outputs, ...rest] }: GraphConstant): { readonly outputs: number; readonly inputs: number } {
  return { outputs: outputs!, inputs: rest.reduce((product, dim) => product * dim, 1) };
}

/** Adds the kernels as integers and scales, and what makes float32 kernels of them. */
function storedKernels(graph: GraphBuilder, kernels: GraphConstant, format: BlockFormat): GraphValue {
  const { outputs, inputs } = matrixOf(kernels);
  const { bits, block } = format;
  const blocks = blocksOf(inputs, block);
  const name = `${kernels.name}.int${bits}`;
  const quantized = () => quantizeBlocks(kernels.read() as Float32Array, inputs, format);
  const integers = graph.constant(name, bits === 4 ? "int4" : "int8", [outputs, blocks, block], () => {
    const values = quantized().integers;
    return bits === 4 ? packed(values, bits) : values;
  });
  const scales = graph.constant(`${name}.scales`, "float32", [outputs, blocks, 1], () => quantized().scales);
  const values = mul(graph, graph.op("Cast", [integers], { to: float32 }), scales);
  const rows = reshape(graph, values, [outputs, blocks * block]);
  const own = blocks * block === inputs ? rows : slice(graph, rows, 1, 0, inputs);
  return reshape(graph, own, kernels.dims);
}
