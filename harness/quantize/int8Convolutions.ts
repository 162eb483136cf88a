import type { GraphConstant, GraphNode, GraphValue, OnnxGraph } from "../api.ts";
import { type GraphBuilder, rewriteGraph } from "../onnx/index.ts";
import { byte } from "./byte.ts";
import { type ByteScale, type Channel, channelsOf, quantizeChannels } from "./int8Weights.ts";
import { clamp, roundHalfEven } from "./uniform.ts";

/** A convolution whose kernels, and whose bias if it has one, are baked into the graph. */
export interface Convolution {
  /** Name of the constant that holds the kernels. */
  readonly weight: string;
  /** Names of the value that it convolves and of its result, whose ranges a calibration finds out. */
  readonly activations: string;
  readonly result: string;
  readonly groups: number;
  /** Multiply-accumulates of one image. */
  readonly macs: number;
  /** Elements that it reads and writes. */
  readonly elements: number;
}

/** Scales of the value that is convolved and of the result; the kernels' are symmetric, one an output channel. */
export interface Int8Convolution {
  readonly activations: ByteScale;
  readonly result: ByteScale;
}

const defaults = {
  /** Largest magnitude of a bias in steps of its sums: as much is left of int32 for the products. */
  largestBias: 2 ** 30,
  /** The largest of uint8 times the largest of int8. */
  largestProduct: 255 * 127,
};

/** Returns the convolutions that `convolutionsToInt8` can replace, in the graph's order. */
export function convolutionsOf(graph: OnnxGraph): readonly Convolution[] {
  return [...foundIn(graph).values()].map(({ convolution }) => convolution);
}

/**
 * Returns the graph with convolutions in int8: uint8 activations, padded with the integer of zero, times int8 kernels, summed
 * exactly in int32 with the bias, and rounded to uint8. `choose` says how, or nothing for those that stay as they are. Values
 * that several convolutions take are quantised once. Scales are known beforehand: the runtime's operator for those that are
 * found at run time, ConvInteger, is slower than a convolution in float.
 */
export function convolutionsToInt8(
  graph: OnnxGraph,
  choose: (convolution: Convolution) => Int8Convolution | undefined,
): OnnxGraph {
  const convolutions = foundIn(graph);
  const known = new Map<string, GraphValue>();
  return rewriteGraph(graph, (node, [x], builder) => {
    const found = convolutions.get(node.outputs[0]!);
    const how = found && choose(found.convolution);
    return how === undefined ? undefined : [int8Convolution(builder, x!, { ...found!, how, known })];
  });
}

interface Found {
  readonly convolution: Convolution;
  readonly kernels: GraphConstant;
  readonly bias: GraphConstant | undefined;
  readonly attributes: GraphNode["attributes"];
}

/** Returns convolutions by the names of their results. */
function foundIn(graph: OnnxGraph): ReadonlyMap<string, Found> {
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant]));
  const found = graph.nodes.map((node) => [node.outputs[0]!, convolutionOf(graph, node, constants)] as const);
  return new Map(found.flatMap(([name, each]) => (each === undefined ? [] : [[name, each]])));
}

function convolutionOf(
  graph: OnnxGraph,
  { operator, inputs, outputs, attributes }: GraphNode,
  constants: ReadonlyMap<string, GraphConstant>,
): Found | undefined {
  const [activations, weight, offset = ""] = inputs as [string, string, string?];
  const kernels = constants.get(weight);
  const bias = constants.get(offset);
  if (operator !== "Conv" || kernels === undefined || (offset !== "" && bias === undefined)) return undefined;
  const result = outputs[0]!;
  const perResult = kernels.dims.slice(1).reduce((product, dim) => product * dim, 1);
  // Sums of longer kernels could leave int32.
  if (perResult * defaults.largestProduct + defaults.largestBias >= 2 ** 31) return undefined;
  const read = elementsOf(graph, activations);
  const written = elementsOf(graph, result);
  const groups = (attributes.group as number | undefined) ?? 1;
  const convolution = { weight, activations, result, groups, macs: written * perResult, elements: read + written };
  return { convolution, kernels, bias, attributes };
}

/** Returns the elements of a value for one image; a dimension that is open counts once. */
function elementsOf(graph: OnnxGraph, name: string): number {
  return graph.values
    .get(name)!
    .dims.reduce<number>((product, dim) => product * (typeof dim === "number" ? dim : 1), 1);
}

interface Replaced extends Found {
  readonly how: Int8Convolution;
  readonly known: Map<string, GraphValue>;
}

function int8Convolution(graph: GraphBuilder, x: GraphValue, replaced: Replaced): GraphValue {
  const { how, known, attributes } = replaced;
  const { scale, zeroPoint } = how.activations;
  const from = [graph.number(scale), byte(graph, zeroPoint)] as const;
  const key = `${x.name} ${scale} ${zeroPoint}`;
  const integers = known.get(key) ?? graph.op("QuantizeLinear", [x, ...from]);
  known.set(key, integers);
  const to = [graph.number(how.result.scale), byte(graph, how.result.zeroPoint)] as const;
  const result = graph.op(
    "QLinearConv",
    [integers, ...from, ...kernelsOf(graph, replaced), ...to, biasOf(graph, replaced)],
    attributes,
  );
  return graph.op("DequantizeLinear", [result, ...to]);
}

/** Returns the kernels' integers, scales and zero points. */
function kernelsOf(graph: GraphBuilder, replaced: Replaced): readonly GraphValue[] {
  const { name, dims } = replaced.kernels;
  const [outputs] = dims as [number];
  const integers = graph.constant(`${name}.int8`, "int8", dims, () => {
    const { values, channels } = channelsWithBias(replaced);
    return quantizeChannels(values, channels);
  });
  const scales = graph.constant(`${name}.int8.scales`, "float32", [outputs], () =>
    Float32Array.from(channelsWithBias(replaced).channels, ({ scale }) => scale),
  );
  const zeroPoints = graph.constant(`zeros[${outputs}]`, "int8", [outputs], () => new Int8Array(outputs));
  return [integers, scales, zeroPoints];
}

/** Returns the bias in steps of the sums that it is added to. */
function biasOf(graph: GraphBuilder, replaced: Replaced): GraphValue | undefined {
  const { bias, how } = replaced;
  if (bias === undefined) return undefined;
  return graph.constant(`${bias.name}.int32`, "int32", bias.dims, () => {
    const { offsets, channels } = channelsWithBias(replaced);
    const steps = channels.map(({ scale }, i) => roundHalfEven(offsets[i]! / (scale * how.activations.scale)));
    return Int32Array.from(steps, (value) => clamp(value, -defaults.largestBias, defaults.largestBias));
  });
}

/** Returns the kernels, their channels and the bias. A channel of tiny weights has a scale on which its bias is still an int32. */
function channelsWithBias({ kernels, bias, how }: Replaced) {
  const values = kernels.read() as Float32Array;
  const inputs = values.length / kernels.dims[0]!;
  const offsets = bias === undefined ? new Float32Array(kernels.dims[0]!) : (bias.read() as Float32Array);
  const channels = channelsOf(values, inputs, "largest is 127").map((channel, i): Channel => {
    const least = Math.fround(Math.abs(offsets[i]!) / (how.activations.scale * defaults.largestBias));
    if (channel.scale >= least) return channel;
    return { scale: least, zeroPoint: 128, stepsOf: (value) => Math.fround(value / least) };
  });
  return { values, offsets, channels };
}
