import type { GraphFiles, RawVariant, RuntimeOptions, Variant, VariantManifest } from "../../harness/api.ts";
import { DecoderGraphs, loadWithPrompts, rawPromptTensors } from "../sam-decoder/load.ts";
import { promptTensors, tokensOf } from "../sam-decoder/prompts.ts";
import { configOf } from "./config.ts";
import { authorsOutputs, type LogitsMode, predictionOf } from "./modes.ts";

export function loadHqSam(files: GraphFiles, runtime: RuntimeOptions, mode: LogitsMode): Promise<Variant> {
  return loadWithPrompts(files, runtime, {
    tokensOf,
    predictionOf: (outputs, i) => predictionOf(outputs, i, mode),
  });
}

/** Loads the graphs for verification: fixtures hold the five masks, the HQ features and the decoder's result in each mode. */
export async function loadRawHqSam(
  files: GraphFiles,
  runtime: RuntimeOptions,
  preset: VariantManifest,
): Promise<RawVariant> {
  const graphs = new DecoderGraphs(files, runtime);
  const layers = configOf(preset.base ?? preset.id).returnedLayers;
  return {
    async encode(input) {
      const encoded = await graphs.encode(input);
      return { ...encoded, interm_embeddings_count: { dims: [], data: Float32Array.of(layers) } };
    },
    async decode(encoded, prompts) {
      const shared = await graphs.shared(encoded);
      const outputs = await graphs.decode(shared, rawPromptTensors(prompts));
      return { hq_features: shared.hq_features!, ...outputs, ...authorsOutputs(outputs) };
    },
    decodePrompts: async (encoded, prompts) =>
      graphs.decode(await graphs.shared(encoded), promptTensors(prompts.map(tokensOf))),
    close: () => graphs.close(),
  };
}
