import type { GraphNode, HalfType, OnnxGraph } from "../../api.ts";
import { ruleOf } from "../operators/index.ts";

/** Sums over many numbers: they may leave float16's range, and lose the small ones. A scatter may add what it moves. */
const sums = new Set([
  ...["ReduceMean", "ReduceSum", "ReduceSumSquare", "InstanceNormalization", "GlobalAveragePool"],
  ...["ScatterND", "ScatterElements"],
]);

/**
 * Operators that need more than 16 bits, and so does what they are computed from, back to the last product with a weight: a
 * divisor may be tiny or huge. Linear attention divides by sums over all tokens. Source: EfficientViT, LiteMLA, which leaves
 * float16 there.
 */
const steep = new Set(["Div", "Sqrt", "Pow", "Log"]);

/** Positions are angles here: of a sine of many turns, 11 bits leave no place. All that they are computed from is float32. */
const waves = new Set(["Sin", "Cos"]);

/** Operators that ONNX does not define in a type, in the version of its operators that graphs are written in. */
const undefinedIn: Readonly<Record<HalfType, ReadonlySet<string>>> = {
  float16: new Set(),
  bfloat16: new Set(["Conv", "ConvTranspose", "AveragePool", "MaxPool", "TopK"]),
};

/**
 * Returns the nodes that compute in 16 bits where the provider does. Those are products, and what leads from one to the next. What
 * follows the last product, as pixels, logits and choices do, stays in float32, and so do sums, quotients and positions.
 */
export function halfNodes(graph: OnnxGraph, type: HalfType): ReadonlySet<GraphNode> {
  const weights = weightsOf(graph);
  const readsWeight = ({ inputs }: GraphNode) => inputs.some((name) => weights.has(name));
  const isOpen = ({ operator }: GraphNode) => !sums.has(operator) && !undefinedIn[type].has(operator);
  const open = graph.nodes.filter(isOpen);
  const leading = nodesBefore(graph, open.filter(isProduct), () => true);
  const kept = new Set([
    ...nodesBefore(graph, named(graph, waves), () => true),
    ...nodesBefore(graph, named(graph, steep), (node) => !isProduct(node) || !readsWeight(node)),
  ]);
  return new Set(open.filter((node) => leading.has(node) && !kept.has(node) && isFloat(graph, node)));
}

function named({ nodes }: OnnxGraph, operators: ReadonlySet<string>): readonly GraphNode[] {
  return nodes.filter(({ operator }) => operators.has(operator));
}

/** Tells whether an operator multiplies matrices: papers count its multiply-accumulates. */
function isProduct({ operator }: GraphNode): boolean {
  return ruleOf(operator).macs !== undefined;
}

function isFloat({ values }: OnnxGraph, { outputs }: GraphNode): boolean {
  return outputs.some((name) => values.get(name)!.type === "float32");
}

/** Returns nodes and those that they are computed from, as far back as nodes that are not to be passed, which are left out. */
function nodesBefore(
  { nodes }: OnnxGraph,
  from: readonly GraphNode[],
  passes: (node: GraphNode) => boolean,
): ReadonlySet<GraphNode> {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const found = new Set(from);
  // A set that grows while it is gone through hands out what was added too.
  for (const { inputs } of found)
    for (const name of inputs) {
      const maker = makers.get(name);
      if (maker !== undefined && passes(maker)) found.add(maker);
    }
  return found;
}

/** Names of constants, and of what is made of constants alone. */
function weightsOf({ nodes, constants }: OnnxGraph): ReadonlySet<string> {
  const weights = new Set(constants.map(({ name }) => name));
  for (const { inputs, outputs } of nodes)
    if (inputs.every((name) => name === "" || weights.has(name))) for (const name of outputs) weights.add(name);
  return weights;
}
