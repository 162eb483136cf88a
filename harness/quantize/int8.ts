import type { Dim, GraphConstant, GraphNode, GraphValue, OnnxGraph } from "../api.ts";
import { product } from "../onnx/dims.ts";
import { type GraphBuilder, mul, reshape, rewriteGraph } from "../onnx/index.ts";
import { byte } from "./byte.ts";
import { type ByteScale, quantizedWeight, type WeightMatrix, type WeightScales } from "./int8Weights.ts";

/** A linear layer is a product of activations with a weight that is baked into the graph. */
export interface Linear {
  /** Name of the constant; where two products share a weight, it means both. */
  readonly weight: string;
  readonly layer: "linear" | "1 x 1 convolution";
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * Says where the scale of the activations comes from: it is found at run time, for every row (symmetric) or for the whole
 * tensor, or it is known beforehand.
 */
type ActivationScale = "by row" | "by tensor" | ByteScale;

export interface Int8Linear {
  readonly activations: ActivationScale;
  /**
   * Scales of the weights, one an output channel; where they are left out, they are symmetric and the largest weight becomes
   * 127.
   */
  readonly weights?: WeightScales;
  /** A constant that is added to the product alone is left to the operator behind it, or added by the product itself. */
  readonly bias?: "added after" | "added within";
}

/** Returns the products that `toInt8` can replace, in the graph's order. */
export function linearsOf(graph: OnnxGraph): readonly Linear[] {
  const linearOf = linearFinder(graph);
  return graph.nodes.flatMap((node) => linearOf(node) ?? []);
}

/**
 * Returns the graph with linear layers as int8 products: uint8 activations times int8 weights, summed exactly in int32, and
 * scaled by row and by output channel in float32. `choose` says how, or nothing for those that stay as they are. Activations
 * that several products take are quantised once.
 */
export function toInt8(graph: OnnxGraph, choose: (linear: Linear) => Int8Linear | undefined): OnnxGraph {
  const linearOf = linearFinder(graph);
  const known = new Map<string, QuantizedActivations>();
  const biases = biasesOf(graph);
  /** Names the sums that products have in them already. */
  const joined = new Set<string>();
  return rewriteGraph(graph, (node, [x], builder) => {
    if (joined.has(node.outputs[0]!)) return [x!];
    const linear = linearOf(node);
    const how = linear === undefined ? undefined : choose(linear);
    if (how === undefined) return undefined;
    const added = how.bias === "added within" ? biases.get(node.outputs[0]!) : undefined;
    if (added !== undefined) joined.add(added.sum);
    return [int8Product(builder, x!, { ...linear!, ...how, known, added: added?.constant })];
  });
}

interface Bias {
  /** Names the sum of product and bias. */
  readonly sum: string;
  /** [outputs] */
  readonly constant: GraphConstant;
}

/** Returns the constants that are added to a value that nothing else reads, by that value's name. */
function biasesOf(graph: OnnxGraph): ReadonlyMap<string, Bias> {
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant]));
  for (const { operator, inputs, outputs } of graph.nodes) {
    const constant = operator === "Reshape" ? constants.get(inputs[0]!) : undefined;
    if (constant !== undefined) constants.set(outputs[0]!, constant);
  }
  const readers = new Map<string, number>();
  for (const name of graph.nodes.flatMap(({ inputs }) => inputs)) readers.set(name, (readers.get(name) ?? 0) + 1);
  const found = new Map<string, Bias>();
  for (const { operator, inputs, outputs } of graph.nodes) {
    const [value, added] = inputs as [string, string];
    const constant = operator === "Add" && readers.get(value) === 1 ? constants.get(added) : undefined;
    if (constant?.dims.length !== 1 || !isOneRow(graph, added)) continue;
    found.set(value, { sum: outputs[0]!, constant });
  }
  return found;
}

/** Tells whether a value has one number for each place of the last axis, and no more. */
function isOneRow({ values }: OnnxGraph, name: string): boolean {
  return values
    .get(name)!
    .dims.slice(0, -1)
    .every((dim) => dim === 1);
}

/** A linear layer with its weight, which can be read. */
export interface FoundLinear extends Linear, WeightMatrix {}

/** Returns a function that tells the linear layer that a node of the graph is; nothing for any other node. */
export function linearFinder(graph: OnnxGraph): (node: GraphNode) => FoundLinear | undefined {
  const constants = constantsOf(graph);
  return (node) => linearIn(node, constants);
}

/**
 * Returns constants by the name of their value: the constants themselves, and the weights of 1 x 1 convolutions [outputs,
 * inputs, 1, 1] that a node makes matrices of.
 */
function constantsOf(graph: OnnxGraph): ReadonlyMap<string, GraphConstant> {
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant]));
  for (const { operator, inputs, outputs } of graph.nodes) {
    const kernels = operator === "Reshape" ? constants.get(inputs[0]!) : undefined;
    const [rows, columns] = kernels?.dims ?? [];
    const matrix = graph.values.get(outputs[0]!)!.dims;
    if (kernels !== undefined && isPointwise(kernels) && matrix.join() === `${rows},${columns}`)
      constants.set(outputs[0]!, kernels);
  }
  return constants;
}

function isPointwise({ dims }: GraphConstant): boolean {
  return dims.length === 4 && dims[2] === 1 && dims[3] === 1;
}

function linearIn(node: GraphNode, constants: ReadonlyMap<string, GraphConstant>): FoundLinear | undefined {
  const constant = constants.get(node.inputs[1] ?? "");
  if (constant?.type !== "float32" || !(constant.dims.length === 2 || isPointwise(constant))) return undefined;
  const [first, second] = constant.dims as [number, number];
  const found = {
    weight: constant.name,
    layer: isPointwise(constant) ? "1 x 1 convolution" : "linear",
    constant,
  } as const;
  const { operator, attributes } = node;
  const transposed = operator === "FusedMatMul" && Object.keys(attributes).join() === "transB";
  if (transposed) return { ...found, inputs: second, outputs: first, layout: "outputs first" };
  if (operator !== "MatMul") return undefined;
  return { ...found, inputs: first, outputs: second, layout: "inputs first" };
}

// ── The product ─────────────────────────────────────────────────────────────

interface Int8Product extends FoundLinear, Int8Linear {
  readonly known: Map<string, QuantizedActivations>;
  /** The product adds this bias itself. */
  readonly added: GraphConstant | undefined;
}

/**
 * Adds the product. MatMulIntegerToFloat takes one scale for all activations; the scales of rows are multiplied onto its result.
 */
function int8Product(graph: GraphBuilder, x: GraphValue, how: Int8Product): GraphValue {
  const { activations, known, outputs } = how;
  const key = `${x.name} ${typeof activations === "string" ? activations : JSON.stringify(activations)}`;
  const quantized = known.get(key) ?? quantizeActivations(graph, x, activations);
  known.set(key, quantized);
  const { integers, scale, zeroPoint, rowScales } = quantized;
  const weight = quantizedWeight(graph, how, how.weights ?? "largest is 127");
  const bias = how.added === undefined ? undefined : graph.constantOf(how.added);
  const parts = [integers, weight.integers, scale, weight.scales, zeroPoint, weight.zeroPoints, bias];
  const result = graph.op("MatMulIntegerToFloat", parts);
  return rowScales === undefined
    ? result
    : reshape(graph, mul(graph, result, rowScales), [...x.dims.slice(0, -1), outputs]);
}

// ── Activations ─────────────────────────────────────────────────────────────

interface QuantizedActivations {
  readonly integers: GraphValue;
  readonly scale: GraphValue;
  readonly zeroPoint: GraphValue;
  /** Scales of the rows, [rows, 1]; present for activations that became [rows, width]. */
  readonly rowScales?: GraphValue;
}

function quantizeActivations(graph: GraphBuilder, x: GraphValue, activations: ActivationScale): QuantizedActivations {
  if (activations === "by row") return quantizeRows(graph, x);
  if (activations === "by tensor") {
    const [integers, scale, zeroPoint] = graph.ops("DynamicQuantizeLinear", [x], {}, { outputs: 3 });
    return { integers: integers!, scale: scale!, zeroPoint: zeroPoint! };
  }
  const scale = graph.number(activations.scale);
  const zeroPoint = byte(graph, activations.zeroPoint);
  return { integers: graph.op("QuantizeLinear", [x, scale, zeroPoint]), scale, zeroPoint };
}

/** The least scale of a row: rows whose largest magnitude is less than 127 times this are no finer. */
const leastRowScale = 1e-5;

/**
 * Quantises each row, whose largest magnitude becomes 127: it is multiplied by the reciprocal of its scale, and then rounded.
 * The integers are shifted to 1 … 255, because the runtime is more than ten times slower with signed activations; it takes the
 * shift out of its sums again. Source: torchao's _quantize_activation_per_token_absmax, which segment-anything-fast runs on.
 */
function quantizeRows(graph: GraphBuilder, x: GraphValue): QuantizedActivations {
  const rows: Dim = product(x.dims.slice(0, -1));
  const matrix = reshape(graph, x, [rows, x.dims.at(-1)!]);
  // Not ReduceMax of Abs, which writes all magnitudes down first.
  const highest = graph.op("ReduceMax", [matrix, graph.ints([1])], { keepdims: 1 });
  const lowest = graph.op("ReduceMin", [matrix, graph.ints([1])], { keepdims: 1 });
  const largest = graph.op("Max", [highest, graph.op("Neg", [lowest])]);
  const scales = graph.op("Max", [graph.op("Div", [largest, graph.number(127)]), graph.number(leastRowScale)]);
  const steps = mul(graph, matrix, graph.op("Div", [graph.number(1), scales]));
  const scale = graph.number(1);
  const zeroPoint = byte(graph, 128);
  return { integers: graph.op("QuantizeLinear", [steps, scale, zeroPoint]), scale, zeroPoint, rowScales: scales };
}
