import type { GraphNode, OnnxGraph } from "../../api.ts";
import { withOutputsNamed } from "../../onnx/index.ts";

/** Name that the encoding of every place, [grid², embedding], has between the two parts of a graph that is cut at it. */
export const positionsName = "image_positions";
const withPositions = "image_tokens_with_positions";

/** The part of a decoder that all prompts share, cut where the encoding of every place joins the image's tokens. */
interface CutShared {
  /** Gives `image_positions` and takes nothing: the encoding is a constant, which a method may store in its own way. */
  readonly positions: OnnxGraph;
  /** Gives what the whole part gave, and takes `image_positions` besides. */
  readonly tokens: OnnxGraph;
}

/**
 * Cuts `decoderImage`'s graph in two, so that an encoder can give the encoding of places and a decoder can take it. Values stay the
 * same bits. Throws where the graph adds no constant to the image's tokens.
 */
export function cutAtPositions(shared: OnnxGraph): CutShared {
  const name = constantSummand(shared);
  const value = shared.values.get(name)!;
  const input = { name: positionsName, type: value.type, dims: value.dims };
  const given: GraphNode = {
    operator: "Identity",
    domain: "",
    inputs: [name],
    outputs: [positionsName],
    attributes: {},
  };
  const values = new Map([...shared.values, [positionsName, input] as const]);
  const positions = {
    ...shared,
    name: "positions",
    inputs: [],
    outputs: [input],
    nodes: [...shared.nodes, given],
    values,
  };
  const tokens = {
    ...shared,
    inputs: [...shared.inputs, input],
    nodes: shared.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map((each) => (each === name ? positionsName : each)),
    })),
    values,
  };
  return { positions: withoutUnused(positions), tokens: withoutUnused(tokens) };
}

/** Returns the name of the value that follows from no input and is added to the image's tokens. */
function constantSummand(graph: OnnxGraph): string {
  const giver = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const output = giver.get(withPositions);
  const sum = giver.get(output?.inputs[0] ?? "");
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const isConstant = (name: string): boolean =>
    !inputs.has(name) && (giver.get(name)?.inputs ?? []).every((each) => isConstant(each));
  const found = sum?.operator === "Add" ? sum.inputs.find(isConstant) : undefined;
  if (found === undefined) throw new Error(`${graph.name}: ${withPositions} is no sum with a constant`);
  return found;
}

/** Leaves out nodes that no output follows from, and constants that no node reads. */
function withoutUnused(graph: OnnxGraph): OnnxGraph {
  const outputs = graph.outputs.map(({ name }) => name);
  const taken = new Set(outputs);
  const nodes: GraphNode[] = [];
  // Nodes stand in the order of their use, so from the end every reader comes before what it reads.
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => taken.has(output))) continue;
    nodes.unshift(node);
    for (const input of node.inputs) taken.add(input);
  }
  const constants = graph.constants.filter(({ name }) => taken.has(name));
  return withOutputsNamed({ ...graph, nodes, constants }, new Set(outputs));
}
