import type { AnnotationFacts, GraphFiles, RuntimeOptions, Variant } from "../api.ts";
import { readSignature } from "../onnx/index.ts";
import { asAuthors } from "../plan/plugins/authorsError.ts";
import { isOwnModule, type RegisteredVariant } from "../plan/plugins/registry.ts";

/** Loads a variant's graphs. Errors that its plug-in throws then and later name the variant, the call and the place in its file. */
export async function loadVariant(
  { plugin, preset, base, file }: RegisteredVariant,
  graphs: GraphFiles,
  runtime: RuntimeOptions,
  facts?: AnnotationFacts,
): Promise<Variant> {
  const hint = outputsHint(file, graphs);
  const code = (doing: string) => ({ file, id: preset.id, doing, hint });
  const variant = await asAuthors(code("load"), () => plugin.load(graphs, runtime, preset, { facts, base }));
  const { encodeBatch, everything } = variant;
  return {
    encode: (input) => asAuthors(code("encode"), () => variant.encode(input)),
    encodeBatch:
      encodeBatch === undefined
        ? undefined
        : (images, geometries) => asAuthors(code("encodeBatch"), () => encodeBatch.call(variant, images, geometries)),
    decode: (embedding, prompts, lookedAt) =>
      asAuthors(code("decode"), () => variant.decode(embedding, prompts, lookedAt)),
    everything:
      everything === undefined
        ? undefined
        : (embedding) => asAuthors(code("everything"), () => everything.call(variant, embedding)),
    close: () => variant.close(),
  };
}

/** Returns a hint with the outputs that the graphs of a foreign plug-in have: its author's slip is mostly a misspelt name. */
export function outputsHint(file: string, graphs: GraphFiles): () => string | undefined {
  if (isOwnModule(file)) return () => undefined;
  return () => {
    const named = Object.entries(graphs).map(([name, path]) => {
      const outputs = readSignature(path).outputs.map((output) => output.name);
      return `${name} gives ${outputs.join(", ")}`;
    });
    return `outputs of its graphs: ${named.join("; ")}`;
  };
}
