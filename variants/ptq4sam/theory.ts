import type { Dim, TheoryCounts, Weight } from "../../harness/api.ts";
import { boxMacs, boxPrompt } from "../../harness/onnx/boxMacs.ts";
import { evaluateDim } from "../../harness/onnx/dims.ts";
import type { Calibrated } from "./calibrate/calibrated.ts";
import { floatPlaces, type Places } from "./calibrate/places.ts";
import { type Model, wholeGraph } from "./graphs/stages.ts";

const floatBits = 32;

/** Products that have integer factors: those of the layers named, or all that the paper quantises. */
type Integers = ReadonlySet<string> | "the paper's";

/**
 * Computes what papers print of a quantised model: bit operations over the products of the published graph, each by the bits of
 * its factors, and storage. Where the graph that runs has integers these are the layers that it has in int8, and all other
 * factors are float32. A weight of integers is stored with a float32 scale and a byte of zero point a channel.
 */
export function theoryOf(model: Model, calibrated: Calibrated, integers: Integers): TheoryCounts {
  const inInteger = (path: string, kind: "weights" | "scores" | "values") =>
    integers === "the paper's" || (kind === "weights" && integers.has(path));
  const weights = new Map<string, Weight>();
  let quantizedMacs = 0;
  let bitOperations = 0;
  const places: Places = {
    ...floatPlaces,
    weight(weight) {
      if (inInteger(weight.name.replace(/\.weight$/, ""), "weights")) weights.set(weight.name, weight);
      return weight;
    },
    product(path, kind, factors) {
      if (!inInteger(path, kind)) return;
      const macs = countOf(factors);
      quantizedMacs += macs;
      bitOperations += macs * bitsOf(path, kind, calibrated);
    },
  };
  const graphs = (["encoder", "decoder"] as const).map((name) => wholeGraph(model, name, () => places));
  const macs = graphs.reduce((sum, graph) => sum + boxMacs(graph), 0);
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

function countOf(dims: readonly Dim[]): number {
  return dims.reduce<number>((total, dim) => total * evaluateDim(dim, boxPrompt), 1);
}
