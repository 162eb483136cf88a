import type {
  GraphFiles,
  ImageEmbedding,
  NamedTensors,
  RuntimeOptions,
  Variant,
  VariantManifest,
  VariantPlugin,
} from "../../harness/api.ts";
import { openSession, readSignature } from "../../harness/onnx/index.ts";
import { layoutOf, recognise } from "./recognise.ts";

/** The variant of ONNX files that a user brings: nothing is built, and both files are run as they are. */
export default {
  presets: [],
  recognise,
  build: async ({ preset }) => {
    throw new Error(`${preset.id}: graphs that a user brings are not built`);
  },
  load,
} satisfies VariantPlugin;

async function load(files: GraphFiles, runtime: RuntimeOptions, { id }: VariantManifest): Promise<Variant> {
  const signatures = [readSignature(files.encoder!), readSignature(files.decoder!)] as const;
  const { layout, pair } = layoutOf(id, signatures);
  const encoder = await openSession(pair.encoder.file, runtime);
  const decoder = await openSession(pair.decoder.file, runtime);
  const calls = layout.open(pair, { encoder, decoder });
  // Some encoders give more than one tensor: all of them go to the decoder.
  const shared = new WeakMap<ImageEmbedding, NamedTensors>();
  return {
    async encode(input) {
      const tensors = await calls.encode(input);
      const embedding = { tensor: tensors[calls.embedding]!, geometry: input.geometry };
      shared.set(embedding, tensors);
      return embedding;
    },
    async decode(embedding, prompts) {
      const tensors = shared.get(embedding);
      if (tensors === undefined) throw new Error(`${id}: an embedding of another variant`);
      return calls.decode(tensors, prompts);
    },
    async close() {
      await encoder.close();
      await decoder.close();
    },
  };
}
