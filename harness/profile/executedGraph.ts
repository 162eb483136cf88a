import { basename } from "node:path";
import type { DeclaredNode, GraphBody } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { executedMacs, readSignature } from "../onnx/index.ts";
import type { TracedNode } from "../onnx/trace/trace.ts";
import { processor } from "../store/rowName.ts";
import { visible } from "../visible.ts";
import { givenName, moduleNames } from "./modules.ts";

/** A node that the runtime ran, with what its two files say of it: the one that was opened, and the one that it was optimised to. */
export interface ExecutedNode {
  readonly name: string;
  readonly operator: string;
  /** Holds those that the optimised file declares, as far as they are read; absent where it has none. */
  readonly attributes?: DeclaredNode["attributes"];
  /** Names of values; an optional one that is left out is empty. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Bytes of each output, in the order of `outputs`. */
  readonly outputBytes: readonly number[];
  readonly macs: number;
  /** Modules of the tensors of the checkpoint that it reads. */
  readonly weights: readonly string[];
}

/** The file of a graph, and the file that the runtime wrote of it when it had optimised it. */
export interface GraphPair {
  readonly given: string;
  readonly optimised: string;
}

/** Returns the nodes of a run, in its order. Throws HarnessError where the optimised graph lacks one of them. */
export function executedNodes(traced: readonly TracedNode[], files: GraphPair): readonly ExecutedNode[] {
  const given = bodyOf(files.given);
  const optimised = bodyOf(files.optimised);
  const moduleOf = modulesOfConstants(given);
  const before = byName(given);
  const after = byName(optimised);
  return traced.map((node) => {
    const declared = after.get(node.name);
    if (declared === undefined) throw unknownNode(node, files);
    // The runtime gives weights that it lays out anew names of its own; the node that was opened has the checkpoint's.
    const original = before.get(givenName(node.name));
    const read = [...declared.inputs, ...(original?.inputs ?? [])];
    return {
      name: node.name,
      operator: node.operator,
      attributes: declared.attributes,
      inputs: declared.inputs,
      outputs: declared.outputs,
      outputBytes: bytesOfOutputs(node, declared),
      // A provider that lays weights out anew takes them off the node, and what it multiplies is not known then.
      macs: lacksInputs(node, declared) ? 0 : executedMacs({ ...node, attributes: declared.attributes ?? {} }),
      weights: [...new Set(read.map(moduleOf))].filter((module) => module !== undefined),
    };
  });
}

function lacksInputs({ provider, inputs }: TracedNode, declared: DeclaredNode): boolean {
  return provider !== processor && inputs.length < declared.inputs.filter((name) => name !== "").length;
}

function byName({ nodes }: GraphBody): ReadonlyMap<string | undefined, DeclaredNode> {
  return new Map(nodes.map((node) => [node.name, node]));
}

function bodyOf(file: string): GraphBody {
  return readSignature(file).body!;
}

/**
 * Returns a function that gives the module of a constant by its name: of a tensor of the file, or of what nodes make of such tensors
 * alone. The runtime computes these once, and keeps the name.
 */
function modulesOfConstants({ nodes, initializers = new Set() }: GraphBody): (name: string) => string | undefined {
  const moduleOf = moduleNames(initializers);
  const modules = new Map([...initializers].map((name) => [name, moduleOf(name)]));
  for (const { inputs, outputs } of nodes)
    if (inputs.length > 0 && inputs.every((name) => name === "" || modules.has(name))) {
      const module = inputs.map((name) => modules.get(name)).find((found) => found !== undefined);
      for (const output of outputs) modules.set(output, module);
    }
  return (name) => modules.get(name);
}

/** Divides the bytes by the outputs' elements: those of a node are of one type where they are large. */
function bytesOfOutputs({ outputs, outputBytes }: TracedNode, declared: DeclaredNode): readonly number[] {
  const elements = outputs.map((dims) => dims.reduce((product, dim) => product * dim, 1));
  const total = elements.reduce((sum, each) => sum + each, 0);
  const present = declared.outputs.filter((name) => name !== "");
  return declared.outputs.map((name) =>
    name === "" || total === 0 ? 0 : (outputBytes * (elements[present.indexOf(name)] ?? 0)) / total,
  );
}

function unknownNode({ name }: TracedNode, { given, optimised }: GraphPair): HarnessError {
  return new HarnessError(`${basename(given)}: node ${visible(name)} of its profile is not in the graph that ran`, {
    expected: `one of ${basename(optimised)}`,
    hint: "nodes are found by their names: export the graph with a name for each",
  });
}
