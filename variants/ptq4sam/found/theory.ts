import type { Dim, OnnxGraph, TheoryCounts } from "../../../harness/api.ts";
import { boxMacs, boxPrompt } from "../../../harness/onnx/boxMacs.ts";
import { evaluateDim } from "../../../harness/onnx/dims.ts";
import type { Calibrated } from "../calibrate/calibrated.ts";
import type { FoundModel } from "./model.ts";
import type { FoundAttention, FoundLayer } from "./places.ts";

const floatBits = 32;

/**
 * Computes bit operations and storage as `theoryOf` does for SAM, over the products of the graphs that are quantised. Integers
 * are those of the layers named, or all that the method quantises.
 */
export function theoryOfFound(
  model: FoundModel,
  calibrated: Calibrated,
  integers: ReadonlySet<string> | "all",
): TheoryCounts {
  const { graphs, encoder, decoder } = model;
  const counted = [...graphs.values()].filter(({ name }) => name !== "decoder-mask");
  const macs = counted.reduce((sum, graph) => sum + boxMacs(graph), 0);
  const elements = elementsOf([...graphs.values()]);
  const layers = [...encoder.layers, ...decoder.layers].filter(
    ({ place }) => integers === "all" || integers.has(place),
  );
  const products = layers.map((layer) => layerProduct(layer, calibrated));
  if (integers === "all" && model.kind === "reference")
    for (const [graph, { attentions }] of [
      [graphs.get("encoder")!, encoder],
      [graphs.get("decoder"), decoder],
    ] as const)
      for (const attention of attentions) products.push(...attentionProducts(graph!, attention, calibrated));
  const quantized = products.reduce((sum, product) => sum + product.macs, 0);
  const bitOperations = products.reduce((sum, product) => sum + product.macs * product.bits, 0);
  const saved = layers.reduce((sum, layer) => sum + savedBytes(layer, calibrated), 0);
  return {
    bitOperations: bitOperations + (macs - quantized) * floatBits ** 2,
    floatBitOperations: macs * floatBits ** 2,
    storageBytes: (elements * floatBits) / 8 - saved,
    floatStorageBytes: (elements * floatBits) / 8,
  };
}

interface Product {
  readonly macs: number;
  /** Product of both factors' bits. */
  readonly bits: number;
}

function layerProduct({ place, factors }: FoundLayer, { weights, activations }: Calibrated): Product {
  return { macs: countOf(factors), bits: weights.get(place)!.bits * activations.get(`${place}.input`)!.bits };
}

function attentionProducts(
  { values }: OnnxGraph,
  { place, scores, weighted }: FoundAttention,
  { activations, softmax }: Calibrated,
): readonly Product[] {
  const bitsAt = (name: string) => activations.get(`${place}.${name}`)!.bits;
  const macsOf = ({ inputs, outputs }: FoundAttention["scores"]) =>
    countOf([...values.get(outputs[0]!)!.dims, values.get(inputs[0]!)!.dims.at(-1)!]);
  return [
    { macs: macsOf(scores), bits: bitsAt("query") * bitsAt("key") },
    { macs: macsOf(weighted), bits: softmax.get(`${place}.softmax`)!.bits * bitsAt("value") },
  ];
}

function savedBytes({ place, weight }: FoundLayer, { weights }: Calibrated): number {
  const { bits, scales } = weights.get(place)!;
  return (countOf(weight.dims) * (floatBits - bits)) / 8 - scales.length * 5;
}

function elementsOf(graphs: readonly OnnxGraph[]): number {
  const parameters = new Map(graphs.flatMap(({ counts }) => [...counts.parameters]));
  return [...parameters.values()].reduce((sum, count) => sum + count, 0);
}

function countOf(dims: readonly Dim[]): number {
  return dims.reduce<number>((total, dim) => total * evaluateDim(dim, boxPrompt), 1);
}
