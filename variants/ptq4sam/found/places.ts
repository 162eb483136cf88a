import type { Dim, GraphConstant, GraphNode, OnnxGraph } from "../../../harness/api.ts";

/** A layer of a finished graph whose input and weight can be quantised: a product with a weight of the checkpoint. */
export interface FoundLayer {
  /** Path of the layer in the checkpoint; `….qkv.query` is the part of a joint layer that the fused graph takes by itself. */
  readonly place: string;
  readonly kind: "linear" | "convolution";
  readonly node: GraphNode;
  readonly weight: GraphConstant;
  readonly layout: "outputs first" | "inputs first";
  /** Factors of its multiply-accumulates. */
  readonly factors: readonly Dim[];
}

/** A softmax attention of a finished graph, operator for operator. */
export interface FoundAttention {
  /** Path of the module that the layer of the values belongs to. */
  readonly place: string;
  /** Names of the queries, keys and values, split by head; scores' scale is not in them. */
  readonly query: string;
  readonly key: string;
  readonly value: string;
  /** The product of queries and keys. */
  readonly scores: GraphNode;
  /** The product of probabilities and values. */
  readonly weighted: GraphNode;
  /** Layer of the keys, with its bias: the name of its result, [batch, tokens, channels]. */
  readonly keys: string | undefined;
}

export interface FoundPlaces {
  readonly layers: readonly FoundLayer[];
  readonly attentions: readonly FoundAttention[];
}

/**
 * Finds where a finished graph has quantisers, by its nodes: the places are PTQ4SAM's, whatever the model. Layers of the encoder
 * and of the decoder's transformer are quantised, patches and the decoder's heads are not. Attention is found where the graph has
 * its operators, which the published graphs have and the fused ones mostly have not.
 */
export function findPlaces(graph: OnnxGraph): FoundPlaces {
  const taken = new Set<string>();
  const unique = (place: string): string => {
    let name = place;
    for (let i = 1; taken.has(name); i++) name = `${place}.${i}`;
    taken.add(name);
    return name;
  };
  const constants = constantsOf(graph);
  const layers = graph.nodes.flatMap((node) => {
    const found = layerOf(graph, node, constants);
    return found === undefined ? [] : [{ ...found, place: unique(found.place) }];
  });
  const trace = new Trace(graph, layers);
  const attentions = graph.nodes.flatMap((node) => {
    const found = node.operator === "Softmax" ? trace.attentionOf(node) : undefined;
    return found === undefined ? [] : [{ ...found, place: unique(found.place) }];
  });
  return { layers, attentions };
}

/** Tells whether a graph has softmax attention, in operators or in one. */
export function hasAttention(graph: OnnxGraph): boolean {
  return (
    graph.nodes.some(({ operator }) => operator === "MultiHeadAttention") || findPlaces(graph).attentions.length > 0
  );
}

/** Returns constants by the name of their value, weights that a node gives another shape among them. */
function constantsOf(graph: OnnxGraph): ReadonlyMap<string, GraphConstant> {
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant]));
  for (const { operator, inputs, outputs } of graph.nodes) {
    const reshaped = operator === "Reshape" ? constants.get(inputs[0]!) : undefined;
    const matrix = graph.values.get(outputs[0]!)!.dims;
    if (reshaped !== undefined && matrix.join() === reshaped.dims.slice(0, 2).join())
      constants.set(outputs[0]!, reshaped);
  }
  return constants;
}

/** Channels of a photo: whatever convolves it makes patches of it. */
const photoChannels = 3;

function layerOf(
  graph: OnnxGraph,
  node: GraphNode,
  constants: ReadonlyMap<string, GraphConstant>,
): FoundLayer | undefined {
  const { operator, inputs, outputs, attributes } = node;
  const weight = constants.get(inputs[1] ?? "");
  if (weight?.type !== "float32" || !isQuantised(weight.name)) return undefined;
  const place = weight.name.replace(".weight", "").replace(/\.transposed$/, "");
  const found = { place, node, weight };
  const result = graph.values.get(outputs[0]!)!.dims;
  if (operator === "Conv") {
    const channels = weight.dims[1]! * ((attributes.group as number | undefined) ?? 1);
    if (channels === photoChannels) return undefined;
    const factors = [...result, ...weight.dims.slice(1)];
    return { ...found, kind: "convolution", layout: "outputs first", factors };
  }
  // A 1 x 1 convolution's weight stands here as a matrix.
  const [rows, columns, ...more] = weight.dims as [number, number, ...number[]];
  if (more.some((side) => side !== 1) || weight.dims.length === 3) return undefined;
  const transposed = operator === "FusedMatMul" && Object.keys(attributes).join() === "transB";
  if (transposed) return { ...found, kind: "linear", layout: "outputs first", factors: [...result, columns] };
  if (operator !== "MatMul" || weight.dims.length !== 2) return undefined;
  return { ...found, kind: "linear", layout: "inputs first", factors: [...result, rows] };
}

/**
 * Tells whether the layer of a weight is quantised. The prompt encoder and the mask decoder's heads stay in float, as published,
 * and so does what scores the tokens of big.LITTLE ViT: it decides which tokens are computed at all.
 */
function isQuantised(name: string): boolean {
  if (name.endsWith(".prediction.weight")) return false;
  if (!name.includes(".weight") || name.includes("prompt_encoder.")) return false;
  return !name.includes("mask_decoder.") || name.includes("mask_decoder.transformer.");
}

/** Operators between scores and softmax, of which one operand is a bias. */
const ofScores = new Set(["Add", "Mul", "Div", "Reshape", "Unsqueeze", "Squeeze"]);
/** Operators between a layer and what attention takes of it: heads are set apart and turned. */
const ofHeads = new Set([...ofScores, "Transpose", "Split", "Slice", "Gather", "MaxPool", "Pad", "Concat"]);

/** Looks back and forth from node to node. */
class Trace {
  readonly #makers = new Map<string, GraphNode>();
  readonly #takers = new Map<string, GraphNode[]>();
  readonly #layers = new Map<GraphNode, FoundLayer>();

  constructor({ nodes }: OnnxGraph, layers: readonly FoundLayer[]) {
    for (const node of nodes) {
      for (const output of node.outputs) this.#makers.set(output, node);
      for (const input of node.inputs) this.#takers.set(input, [...(this.#takers.get(input) ?? []), node]);
    }
    for (const layer of layers) this.#layers.set(layer.node, layer);
  }

  /** Returns nothing for a softmax that weighs no values, as that of a detector's distances. */
  attentionOf({ inputs, outputs }: GraphNode): FoundAttention | undefined {
    const weighted = this.#takers
      .get(outputs[0]!)
      ?.find((node) => node.operator === "MatMul" && this.#multiplies(node));
    const scores = this.#before(inputs[0]!, ofScores, (node) => this.#multiplies(node));
    const values = weighted && this.#layerBefore(weighted.inputs[1]!);
    if (weighted === undefined || scores === undefined || values === undefined) return undefined;
    const keys = this.#layerBefore(scores.inputs[1]!);
    return {
      place: values.place.slice(0, values.place.lastIndexOf(".")),
      query: this.#unscaled(scores.inputs[0]!),
      key: this.#unscaled(scores.inputs[1]!),
      value: weighted.inputs[1]!,
      scores,
      weighted,
      keys: keys === undefined ? undefined : this.#withBias(keys.node),
    };
  }

  /** Returns what a value was before it was multiplied by a number that is no value of the run. */
  #unscaled(value: string): string {
    const maker = this.#makers.get(value);
    if (maker === undefined || !["Mul", "Div"].includes(maker.operator) || this.#ofTwo(maker)) return value;
    return this.#unscaled(maker.inputs.find((input) => this.#makers.has(input))!);
  }

  #layerBefore(value: string): FoundLayer | undefined {
    const node = this.#before(value, ofHeads, (each) => this.#layers.has(each));
    return node && this.#layers.get(node);
  }

  /** Returns whether a node is a product of matrices that are both made by nodes. */
  #multiplies(node: GraphNode): boolean {
    return /MatMul$/.test(node.operator) && this.#ofTwo(node);
  }

  #ofTwo({ inputs }: GraphNode): boolean {
    return inputs.slice(0, 2).every((input) => this.#makers.has(input));
  }

  /** Returns the nearest wanted node that a value comes from, through these operators alone. */
  #before(value: string, through: ReadonlySet<string>, wanted: (node: GraphNode) => boolean): GraphNode | undefined {
    const seen = new Set<string>();
    let row = [value];
    while (row.length > 0) {
      const makers = row.flatMap((name) => this.#makers.get(name) ?? []);
      const found = makers.find(wanted);
      if (found !== undefined) return found;
      for (const name of row) seen.add(name);
      const further = makers.filter(({ operator }) => through.has(operator)).flatMap(({ inputs }) => inputs);
      row = further.filter((name) => !seen.has(name));
    }
    return undefined;
  }

  #withBias({ outputs }: GraphNode): string {
    const sum = this.#takers.get(outputs[0]!)?.find(({ operator }) => operator === "Add");
    return sum?.outputs[0] ?? outputs[0]!;
  }
}
