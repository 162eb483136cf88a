import type { GraphConstant, GraphNode, GraphValue, OnnxGraph } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { GraphBuilder } from "../graph.ts";
import { addConstant, scopeOf } from "../rewrite/rewrite.ts";
import { ImageValues, joinedDims } from "./imageValues.ts";
import { formOf } from "./rules.ts";

/**
 * Returns the graph of an encoder, [1, 3, side, side] → [1, …], for a batch of images: [batch, 3, side, side] → [batch, …]. Each
 * operator gets a form that works on all images at once and keeps them apart; one that has no such form, because a token ranking
 * or a scale is an image's own, is added once for each image. Work is counted for one image, as in the given graph.
 * Throws HarnessError for a graph whose sides are known only when it runs.
 */
export function batchedGraph(graph: OnnxGraph, batch: number): OnnxGraph {
  const builder = new GraphBuilder(graph.name);
  builder.inheritParameters(graph.counts.parameters);
  const batching = new Batching(graph, builder, batch);
  for (const { name, dims, type } of graph.inputs) {
    const own = fixed(name, dims);
    batching.keep(name, new ImageValues(builder, batch, own, builder.input(name, joinedDims(batch, own), type)));
  }
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  for (const node of graph.nodes) {
    const [first] = node.outputs as [string];
    if (outputs.has(first)) builder.output(first, batching.joined(node.inputs[0]!, first));
    else builder.within(scopeOf(first), () => batching.add(node));
  }
  builder.dropUnused();
  const finished = builder.finish();
  return { ...finished, counts: { ...finished.counts, macs: graph.counts.macs } };
}

/** Walks through a graph's nodes and holds what was written for each value: one for every image, or one that all share. */
class Batching {
  readonly #graph: OnnxGraph;
  readonly #builder: GraphBuilder;
  readonly #batch: number;
  readonly #constants: ReadonlyMap<string, GraphConstant>;
  readonly #values = new Map<string, ImageValues | GraphValue>();

  constructor(graph: OnnxGraph, builder: GraphBuilder, batch: number) {
    this.#graph = graph;
    this.#builder = builder;
    this.#batch = batch;
    this.#constants = new Map(graph.constants.map((constant) => [constant.name, constant]));
  }

  keep(name: string, value: ImageValues | GraphValue): void {
    this.#values.set(name, value);
  }

  /** Returns a value of all images, which is to be an output. Throws HarnessError where no image decides it. */
  joined(name: string, output: string): GraphValue {
    const value = this.#valueOf(name);
    if (value instanceof ImageValues) return value.joined;
    throw new HarnessError(
      `${this.#graph.name}: its output ${output} is the same for every image, which makes no batch`,
    );
  }

  add(node: GraphNode): void {
    const inputs = node.inputs.map((name) => this.#valueOf(name));
    const outputs = node.outputs.map((name) => this.#graph.values.get(name)!);
    if (!inputs.some((value) => value instanceof ImageValues)) {
      const [{ dims } = { dims: [] }] = outputs;
      const shared = this.#builder.ops(node.operator, inputs as (GraphValue | undefined)[], node.attributes, {
        outputs: outputs.length,
        vouched: dims,
      });
      for (const [i, name] of node.outputs.entries()) this.keep(name, shared[i]!);
      return;
    }
    const dims = outputs.map((output) => fixed(output.name, output.dims));
    const { images, shared } = formOf({
      graph: this.#builder,
      batch: this.#batch,
      node,
      inputs,
      outputs: dims,
      ints: (input) => this.#intsOf(node.inputs[input]),
    });
    for (const [i, name] of node.outputs.entries()) {
      const own = images?.[i];
      this.keep(name, own === undefined ? shared![i]! : new ImageValues(this.#builder, this.#batch, dims[i]!, own));
    }
  }

  #intsOf(name = ""): readonly number[] | undefined {
    const constant = this.#constants.get(name);
    return constant?.type === "int64" ? [...(constant.read() as BigInt64Array)].map(Number) : undefined;
  }

  #valueOf(name: string): ImageValues | GraphValue | undefined {
    if (name === "") return undefined;
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const added = addConstant(this.#builder, this.#constants.get(name)!);
    this.keep(name, added);
    return added;
  }
}

/** Returns dimensions as numbers. Throws HarnessError where one is known only when the graph runs. */
function fixed(name: string, dims: GraphValue["dims"]): readonly number[] {
  const own = dims.filter((dim) => typeof dim === "number");
  if (own.length === dims.length) return own;
  throw new HarnessError(`${name}: images of any shape make no batch`, {
    found: `[${dims}]`,
    expected: "sides that are fixed when the graph is built",
  });
}
