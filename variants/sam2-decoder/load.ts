import type { GraphFiles, NamedTensors, RawPrompts, RawVariant, RuntimeOptions, Variant } from "../../harness/api.ts";
import { DecoderGraphs, loadWithPrompts } from "../sam-decoder/load.ts";
import { predictionOf, promptTensors } from "../sam-decoder/prompts.ts";
import { sam2TokensOf } from "./prompts.ts";
import { singleMasks, withSingleMask } from "./singleMask.ts";

/** The mask that stands at token 0: that of SAM 2's predictor, which chooses by stability, or the token's own. */
export type SingleMask = "by stability" | "token 0";

export function loadSam2(files: GraphFiles, runtime: RuntimeOptions, single: SingleMask): Promise<Variant> {
  return loadWithPrompts(files, runtime, {
    tokensOf: sam2TokensOf,
    predictionOf: (outputs, i) => {
      const prediction = predictionOf(outputs, i);
      return single === "by stability" ? withSingleMask(prediction) : prediction;
    },
  });
}

/** Loads the graphs for `bench verify`. The choice of the single mask is that of logits as they are, and times a quarter. */
export async function loadRawSam2(files: GraphFiles, runtime: RuntimeOptions): Promise<RawVariant> {
  const graphs = new DecoderGraphs(files, runtime);
  return {
    encode: (input) => graphs.encode(input),
    async decode(encoded, prompts) {
      const outputs = await graphs.decode(await graphs.shared(encoded), rawTensors(prompts));
      const choices = [1, 0.25].map((scale) => Object.entries(singleMasks(outputs, scale)).map(named(scale)));
      return { ...outputs, ...Object.fromEntries(choices.flat()) };
    },
    decodePrompts: async (encoded, prompts) =>
      graphs.decode(await graphs.shared(encoded), promptTensors(prompts.map(sam2TokensOf))),
    close: () => graphs.close(),
  };
}

/** Names a value of the choice as a fixture does, by the entry's setting. */
function named<T>(scale: number): (entry: [string, T]) => [string, T] {
  return ([name, value]) => [`single_mask[logit_scale=${scale}].${name}`, value];
}

/** Feeds points as they are given: SAM 2's point path knows the labels of corners, and padding is among the points. */
function rawTensors({ points, labels, maskInput }: RawPrompts): NamedTensors {
  const batch = points.map((prompt, i) => ({ coordinates: prompt.flat(), labels: labels[i]! }));
  const tensors = promptTensors(batch);
  return maskInput === undefined ? tensors : { ...tensors, mask_input: maskInput };
}
