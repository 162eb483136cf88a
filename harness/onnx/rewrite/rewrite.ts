import type { GraphConstant, GraphNode, GraphValue, OnnxGraph } from "../../api.ts";
import { GraphBuilder } from "../graph.ts";

/**
 * Returns the values that replace a node, as many as the node has outputs; nothing leaves the node as it is. `node` has the
 * names of the graph that is read, `inputs` are values of the graph that is written.
 */
export type Replace = (
  node: GraphNode,
  inputs: readonly (GraphValue | undefined)[],
  graph: GraphBuilder,
) => readonly GraphValue[] | undefined;

/** Adds to a graph that is written; `valueNamed` gives its values by the names of the graph that is read. */
export type Append = (graph: GraphBuilder, valueNamed: (name: string) => GraphValue) => void;

/**
 * Builds the graph once more, node by node, with other operators where `replace` gives some. Shapes are checked and work is
 * counted anew; constants that nothing uses any more are gone. The parameters stay those that the graph was built from. What
 * `append` adds comes behind all nodes.
 */
export function rewriteGraph(graph: OnnxGraph, replace: Replace, append?: Append): OnnxGraph {
  const builder = new GraphBuilder(graph.name);
  builder.inheritParameters(graph.counts.parameters);
  const values = new Map<string, GraphValue>();
  for (const { name, dims, type } of graph.inputs) values.set(name, builder.input(name, dims, type));
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant]));
  const valueNamed = (name: string): GraphValue | undefined => {
    if (name === "") return undefined;
    const known = values.get(name);
    if (known !== undefined) return known;
    const constant = constants.get(name);
    if (constant === undefined) throw new Error(`${graph.name}: no value is named ${name}`);
    const added = addConstant(builder, constant);
    values.set(name, added);
    return added;
  };
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(valueNamed);
    const [first] = node.outputs as [string];
    if (outputs.has(first)) {
      builder.output(first, inputs[0]!);
      continue;
    }
    const written = builder.within(scopeOf(first), () => replace(node, inputs, builder) ?? again(node, inputs));
    if (written.length !== node.outputs.length) throw new Error(`${first}: ${written.length} values for its outputs`);
    for (const [i, name] of node.outputs.entries()) values.set(name, written[i]!);
  }
  append?.(builder, (name) => valueNamed(name)!);
  builder.dropUnused();
  return builder.finish();

  function again({ operator, attributes, outputs }: GraphNode, inputs: readonly (GraphValue | undefined)[]) {
    const vouched = graph.values.get(outputs[0]!)!.dims;
    return builder.ops(operator, inputs, attributes, { outputs: outputs.length, vouched });
  }
}

/**
 * Returns the same graph with intermediate values among its outputs, by their own names. Throws for a name that no node gives.
 */
export function withOutputs(graph: OnnxGraph, names: readonly string[]): OnnxGraph {
  const given = new Set(graph.nodes.flatMap((node) => node.outputs));
  const tapped = names.map((name) => {
    if (!given.has(name)) throw new Error(`${graph.name}: no node gives ${name}`);
    return graph.values.get(name)!;
  });
  return { ...graph, outputs: [...graph.outputs, ...tapped] };
}

/** Adds a constant of another graph. Lists of integers go through `ints`, since shape rules read them. */
export function addConstant(builder: GraphBuilder, constant: GraphConstant): GraphValue {
  if (constant.name.startsWith("ints[")) return builder.ints([...(constant.read() as BigInt64Array)].map(Number));
  return builder.constantOf(constant);
}

/** Returns the part of the model that a value belongs to; the builder put it before the operator's name. */
export function scopeOf(value: string): string {
  return value.slice(0, Math.max(value.lastIndexOf("/"), 0));
}
