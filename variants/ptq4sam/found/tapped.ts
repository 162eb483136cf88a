import type { Dim, GraphValue, OnnxGraph } from "../../../harness/api.ts";
import { evaluateDim } from "../../../harness/onnx/dims.ts";
import { type GraphBuilder, rewriteGraph } from "../../../harness/onnx/index.ts";
import { random, sampleWithoutReplacement } from "../../../harness/stats/random.ts";
import type { FoundAttention, FoundLayer, FoundPlaces } from "./places.ts";

const defaults = {
  /** Values that a graph gives besides its outputs take at most so many bytes; a graph with more is run in several forms. */
  bytes: 512 * 2 ** 20,
  /** Probabilities that are looked at of one softmax; of a larger one a seeded sample of query rows is. */
  probabilities: 2 ** 20,
};

/** The prompts of a calibration's image: boxes of two corners each. */
export interface PromptCount {
  readonly prompts: number;
  readonly points: number;
}

/** Says what of a graph is looked at: inputs of layers, results of convolutions too, or everything that the paper quantises. */
export type Watched = "inputs" | "inputs and results" | "all";

interface Looking {
  readonly watched: Watched;
  readonly counts: PromptCount;
  readonly seed: number;
  /** Bytes of values that one form may give. */
  readonly bytes?: number;
}

/** A graph that also gives values at some of its places, under the places' names. */
export interface TappedGraph {
  readonly graph: OnnxGraph;
  readonly activations: readonly string[];
  /** Names of the outputs with a softmax's probabilities, by place. */
  readonly softmax: ReadonlyMap<string, readonly string[]>;
}

interface Tap {
  readonly layer?: FoundLayer;
  readonly attention?: FoundAttention;
}

/** Returns the graph with taps at all of its places, in as many forms as memory asks for; at least one. */
export function tappedGraphs(
  graph: OnnxGraph,
  places: FoundPlaces,
  { watched, counts, seed, bytes: most = defaults.bytes }: Looking,
): readonly TappedGraph[] {
  const taps: readonly Tap[] = [
    ...places.layers.map((layer) => ({ layer })),
    ...(watched === "all" ? places.attentions.map((attention) => ({ attention })) : []),
  ];
  const parts: Tap[][] = [[]];
  let bytes = 0;
  for (const tap of taps) {
    const own = namesOf(tap, watched).reduce((sum, name) => sum + bytesOf(graph, name, counts), 0);
    if (bytes > 0 && bytes + own > most) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(tap);
    bytes += own;
  }
  return parts.map((part) => withTaps(graph, part, { watched, counts, seed }));
}

function namesOf({ layer, attention }: Tap, watched: Watched): readonly string[] {
  if (layer !== undefined)
    return [layer.node.inputs[0]!, ...(givesResult(layer, watched) ? [layer.node.outputs[0]!] : [])];
  const { query, key, value } = attention!;
  return [query, key, value];
}

function givesResult({ kind }: FoundLayer, watched: Watched): boolean {
  return kind === "convolution" && watched === "inputs and results";
}

function bytesOf(graph: OnnxGraph, name: string, counts: PromptCount): number {
  return elementsOf(graph.values.get(name)!.dims, counts) * Float32Array.BYTES_PER_ELEMENT;
}

function elementsOf(dims: readonly Dim[], counts: PromptCount): number {
  return dims.reduce<number>((product, dim) => product * evaluateDim(dim, { ...counts }), 1);
}

function withTaps(graph: OnnxGraph, taps: readonly Tap[], { watched, counts, seed }: Looking): TappedGraph {
  const activations = new Map<string, string>();
  for (const { layer, attention } of taps) {
    if (layer !== undefined) activations.set(`${layer.place}.input`, layer.node.inputs[0]!);
    if (layer !== undefined && givesResult(layer, watched))
      activations.set(`${layer.place}.result`, layer.node.outputs[0]!);
    for (const part of ["query", "key", "value"] as const)
      if (attention !== undefined) activations.set(`${attention.place}.${part}`, attention[part]);
  }
  const softmax = new Map<string, readonly string[]>();
  const tapped = rewriteGraph(
    graph,
    () => undefined,
    (builder, valueNamed) => {
      for (const [place, name] of activations) builder.output(place, valueNamed(name));
      for (const { attention } of taps) {
        if (attention === undefined) continue;
        const name = `${attention.place}.softmax.0`;
        builder.output(name, seenOf(builder, valueNamed(attention.weighted.inputs[0]!), name, counts, seed));
        softmax.set(`${attention.place}.softmax`, [name]);
      }
    },
  );
  return { graph: tapped, activations: [...activations.keys()], softmax };
}

/** Returns the rows of probabilities that are looked at. */
function seenOf(
  builder: GraphBuilder,
  probabilities: GraphValue,
  name: string,
  counts: PromptCount,
  seed: number,
): GraphValue {
  const rows = seenRows(probabilities.dims, name, counts, seed);
  if (rows === undefined) return probabilities;
  return builder.op("Gather", [probabilities, builder.ints(rows)], { axis: probabilities.dims.length - 2 });
}

/** Returns the query rows of a softmax that are looked at; nothing for all, which those of prompts are. */
function seenRows(
  dims: readonly Dim[],
  place: string,
  counts: PromptCount,
  seed: number,
): readonly number[] | undefined {
  const rows = dims.at(-2)!;
  if (typeof rows === "string") return undefined;
  const kept = Math.max(1, Math.floor(defaults.probabilities / (elementsOf(dims, counts) / rows)));
  if (kept >= rows) return undefined;
  return sampleWithoutReplacement(random(seed, "softmax rows", place), rows, kept).sort((a, b) => a - b);
}
