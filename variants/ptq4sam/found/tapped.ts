import type { Dim, OnnxGraph } from "../../../harness/api.ts";
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
  { watched, counts, seed }: { readonly watched: Watched; readonly counts: PromptCount; readonly seed: number },
): readonly TappedGraph[] {
  const taps: readonly Tap[] = [
    ...places.layers.map((layer) => ({ layer })),
    ...(watched === "all" ? places.attentions.map((attention) => ({ attention })) : []),
  ];
  const parts: Tap[][] = [[]];
  let bytes = 0;
  for (const tap of taps) {
    const own = namesOf(tap, watched).reduce((sum, name) => sum + bytesOf(graph, name, counts), 0);
    if (bytes > 0 && bytes + own > defaults.bytes) {
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
  const { scores, weighted } = attention!;
  return [scores.inputs[0]!, scores.inputs[1]!, weighted.inputs[1]!];
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

function withTaps(
  graph: OnnxGraph,
  taps: readonly Tap[],
  { watched, counts, seed }: { readonly watched: Watched; readonly counts: PromptCount; readonly seed: number },
): TappedGraph {
  const layers = new Map(taps.flatMap(({ layer }) => (layer === undefined ? [] : [[layer.node, layer] as const])));
  const attentions = taps.flatMap(({ attention }) => attention ?? []);
  const activations: string[] = [];
  const softmax = new Map<string, readonly string[]>();
  const give = (builder: GraphBuilder, place: string, value: Parameters<GraphBuilder["output"]>[1]) => {
    builder.output(place, value);
    activations.push(place);
  };
  const tapped = rewriteGraph(graph, (node, inputs, builder) => {
    const layer = layers.get(node);
    if (layer !== undefined) {
      give(builder, `${layer.place}.input`, inputs[0]!);
      if (!givesResult(layer, watched)) return undefined;
      const result = builder.op(node.operator, inputs, node.attributes);
      give(builder, `${layer.place}.result`, result);
      return [result];
    }
    for (const { place, scores, weighted } of attentions) {
      if (node === scores) {
        give(builder, `${place}.query`, inputs[0]!);
        give(builder, `${place}.key`, inputs[1]!);
      }
      if (node !== weighted) continue;
      const probabilities = inputs[0]!;
      const rows = seenRows(probabilities.dims, place, counts, seed);
      const axis = probabilities.dims.length - 2;
      const seen =
        rows === undefined ? probabilities : builder.op("Gather", [probabilities, builder.ints(rows)], { axis });
      const name = `${place}.softmax.0`;
      builder.output(name, seen);
      softmax.set(`${place}.softmax`, [name]);
      give(builder, `${place}.value`, inputs[1]!);
    }
    return undefined;
  });
  return { graph: tapped, activations, softmax };
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
