import type { GraphFiles, NamedTensors, RawPrompts, RawVariant, RuntimeOptions, Variant } from "../../harness/api.ts";
import { DecoderGraphs, loadWithPrompts } from "../sam-decoder/load.ts";
import { predictionOf, promptTensors } from "../sam-decoder/prompts.ts";
import { pointsOf } from "./prompts.ts";

/** Prompts of unequal length are decoded apart: the model fills all up to six points, but only within a batch's shape. */
export function loadEfficientSam(files: GraphFiles, runtime: RuntimeOptions): Promise<Variant> {
  return loadWithPrompts(files, runtime, { tokensOf: pointsOf, predictionOf });
}

export async function loadRawEfficientSam(files: GraphFiles, runtime: RuntimeOptions): Promise<RawVariant> {
  const graphs = new DecoderGraphs(files, runtime);
  return {
    encode: (input) => graphs.encode(input),
    decode: async (encoded, prompts) => {
      const outputs = await graphs.decode(await graphs.shared(encoded), rawTensors(prompts));
      const { dims, data } = outputs.low_res_masks!;
      // The authors' code has the images of a batch before their prompts.
      return { ...outputs, low_res_masks: { dims: [1, ...dims], data } };
    },
    decodePrompts: async (encoded, prompts) =>
      graphs.decode(await graphs.shared(encoded), promptTensors(prompts.map(pointsOf))),
    close: () => graphs.close(),
  };
}

function rawTensors({ points, labels, maskInput }: RawPrompts): NamedTensors {
  if (maskInput !== undefined) throw new Error("EfficientSAM has no mask input");
  return promptTensors(points.map((places, i) => ({ coordinates: places.flat(), labels: labels[i]! })));
}
