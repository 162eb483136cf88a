import type { VariantPlugin } from "../../harness/api.ts";
import { storedIn } from "../../harness/onnx/index.ts";
import { buildBase, publishedMacsOfBase } from "../base-model/graphs.ts";
import { loadAsBase, loadRawAsBase } from "../base-model/load.ts";
import { type Format, presetOf, presetsOf } from "./presets.ts";

/** Returns the method that gives any model's graphs weights of 16 bits. The reference graph stays the published one. */
export function pluginOf(format: Format): VariantPlugin {
  const { type } = format;
  return {
    presets: presetsOf(format),
    presetOf: (id, modelOf) => presetOf(format, id, modelOf),
    async build(context) {
      const { graph, out } = context;
      if (graph === "reference") return buildBase(context, (_, published) => published);
      await buildBase(context, (_, fused) => storedIn(fused, type));
      out.note?.(
        `the files hold weights in ${type}, and a provider that computes in float32 casts them when it loads a file: there they take as much memory as float32 weights`,
      );
    },
    // Numbers of another format, and as many products.
    referenceMacs: publishedMacsOfBase,
    embeddingBound: () => format.embeddingBound,
    load: loadAsBase,
    loadRaw: loadRawAsBase,
  };
}
