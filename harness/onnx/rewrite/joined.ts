import type { GraphConstant, GraphNode, GraphValue, OnnxGraph } from "../../api.ts";

/**
 * Returns one graph of two: what the first gives is what the second takes, by name. It has the outputs of both, and takes what the
 * first takes and whatever else the second does. Nodes stay as they are; a name inside of the second graph that the first has too
 * gets the second graph's name before it. Throws for an output whose name
 * the first graph has too, and where a value is of another type or shape in the
 * second.
 */
export function joinedGraphs(first: OnnxGraph, second: OnnxGraph): OnnxGraph {
  const given = new Map(first.outputs.map((output) => [output.name, output]));
  for (const { name } of second.outputs)
    if (first.values.has(name)) throw new Error(`${first.name} and ${second.name}: both give ${name}`);
  for (const taken of second.inputs) requireSame(given.get(taken.name), taken, second.name);
  const own = first.inputs.map(({ name }) => name);
  const further = second.inputs.filter(({ name }) => !given.has(name) && !own.includes(name));
  const nameOf = renaming(first, second);
  const constants = new Map(first.constants.map((constant) => [constant.name, constant]));
  for (const constant of second.constants) constants.set(nameOf(constant.name), renamed(constant, nameOf));
  const values = new Map(first.values);
  for (const [name, value] of second.values) values.set(nameOf(name), renamed(value, nameOf));
  return {
    name: first.name,
    inputs: [...first.inputs, ...further],
    outputs: [...first.outputs, ...second.outputs],
    constants: [...constants.values()],
    nodes: [...first.nodes, ...second.nodes.map((node) => renamedNode(node, nameOf))],
    values,
    counts: countsOf(first, second, [...constants.values()]),
  };
}

/** Returns the graph with those of its outputs alone that have these names; what gave the others stays inside of it. */
export function withOutputsNamed(graph: OnnxGraph, names: ReadonlySet<string>): OnnxGraph {
  return { ...graph, outputs: graph.outputs.filter(({ name }) => names.has(name)) };
}

function requireSame(given: GraphValue | undefined, taken: GraphValue, graph: string): void {
  if (given === undefined || (given.type === taken.type && given.dims.join() === taken.dims.join())) return;
  throw new Error(`${graph}: ${taken.name} is ${text(taken)}, and what is given is ${text(given)}`);
}

function text({ type, dims }: GraphValue): string {
  return `${type} [${dims.join(", ")}]`;
}

/**
 * Returns how names of the second graph are called in both together. Its inputs and outputs keep theirs. So do lists of whole numbers
 * and single numbers, since their names say their values.
 */
function renaming(first: OnnxGraph, second: OnnxGraph): (name: string) => string {
  const kept = new Set([...second.inputs, ...second.outputs].map(({ name }) => name));
  const isShared = (name: string) => name === "" || kept.has(name) || /^(ints|number)\[/.test(name);
  return (name) => (isShared(name) || !first.values.has(name) ? name : `${second.name}/${name}`);
}

function renamed<Value extends GraphValue | GraphConstant>(value: Value, nameOf: (name: string) => string): Value {
  return { ...value, name: nameOf(value.name) };
}

function renamedNode({ inputs, outputs, ...node }: GraphNode, nameOf: (name: string) => string): GraphNode {
  return { ...node, inputs: inputs.map(nameOf), outputs: outputs.map(nameOf) };
}

function countsOf(first: OnnxGraph, second: OnnxGraph, constants: readonly GraphConstant[]): OnnxGraph["counts"] {
  return {
    parameters: new Map([...first.counts.parameters, ...second.counts.parameters]),
    constants: constants.reduce((sum, { dims }) => sum + dims.reduce((product, dim) => product * dim, 1), 0),
    constantBytes: constants.reduce((sum, { bytes }) => sum + bytes, 0),
    macs(bindings) {
      const sums = new Map(first.counts.macs(bindings));
      for (const [operator, macs] of second.counts.macs(bindings)) sums.set(operator, (sums.get(operator) ?? 0) + macs);
      return sums;
    },
  };
}
