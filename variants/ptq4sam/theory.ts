import type { Dim, OnnxGraph, TheoryCounts, Weight } from "../../harness/api.ts";
import { evaluateDim } from "../../harness/onnx/dims.ts";
import type { Calibrated } from "./calibrated.ts";
import { floatPlaces, type Places } from "./places.ts";
import { type Model, wholeGraph } from "./stages.ts";

/** One image and one box. */
const bindings = { prompts: 1, points: 2 };
const floatBits = 32;

/**
 * What papers print of a quantised model, from the graph's own counts. A weight is stored as integers with a float32 scale
 * and a byte of zero point a channel.
 */
export function theoryOf(model: Model, calibrated: Calibrated): TheoryCounts {
  const weights = new Map<string, Weight>();
  let [quantizedMacs, bitOperations] = [0, 0];
  const places: Places = {
    ...floatPlaces,
    weight(weight) {
      weights.set(weight.name, weight);
      return weight;
    },
    product(path, kind, factors) {
      const macs = countOf(factors);
      quantizedMacs += macs;
      bitOperations += macs * bitsOf(path, kind, calibrated);
    },
  };
  const graphs = (["encoder", "decoder"] as const).map((name) => wholeGraph(model, name, () => places));
  const macs = graphs.reduce((sum, graph) => sum + macsOf(graph), 0);
  // Weights that only mask prompts use are stored as well.
  const withMask = wholeGraph(model, "decoder-mask", () => floatPlaces);
  const parameters = new Map([...graphs, withMask].flatMap(({ counts }) => [...counts.parameters]));
  const elements = [...parameters.values()].reduce((sum, count) => sum + count, 0);
  const saved = [...weights.values()].reduce((sum, weight) => sum + savedBytes(weight, calibrated), 0);
  return {
    bitOperations: bitOperations + (macs - quantizedMacs) * floatBits ** 2,
    floatBitOperations: macs * floatBits ** 2,
    storageBytes: (elements * floatBits) / 8 - saved,
    floatStorageBytes: (elements * floatBits) / 8,
  };
}

function bitsOf(path: string, kind: "weights" | "scores" | "values", { weights, activations, softmax }: Calibrated) {
  const at = (place: string) => activations.get(`${path}.${place}`)!.bits;
  switch (kind) {
    case "weights":
      return weights.get(`${path}.weight`)!.bits * at("input");
    case "scores":
      return at("query") * at("key");
    case "values":
      return softmax.get(`${path}.softmax`)!.bits * at("value");
  }
}

function savedBytes({ name, dims }: Weight, { weights }: Calibrated): number {
  const { bits, scales } = weights.get(name)!;
  return (countOf(dims) * (floatBits - bits)) / 8 - scales.length * 5;
}

function macsOf({ counts }: OnnxGraph): number {
  return [...counts.macs(bindings).values()].reduce((sum, macs) => sum + macs, 0);
}

function countOf(dims: readonly Dim[]): number {
  return dims.reduce<number>((total, dim) => total * evaluateDim(dim, bindings), 1);
}
