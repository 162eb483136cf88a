import type { HalfType, VariantPlugin } from "../../harness/api.ts";
import { computedIn, storedIn } from "../../harness/onnx/index.ts";
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
      const computes = (await context.computesIn?.(type)) === true;
      await buildBase(context, (_, fused) => (computes ? computedIn(fused, type) : storedIn(fused, type)));
      out.note?.(computes ? computedNote(type) : storedNote(type));
    },
    // Numbers of another format, and as many products.
    referenceMacs: publishedMacsOfBase,
    embeddingBound: () => format.embeddingBound,
    load: loadAsBase,
    loadRaw: loadRawAsBase,
  };
}

function computedNote(type: HalfType): string {
  return `the provider computes in ${type}: products and what leads from one to the next; positions, sums, quotients and what follows the last product stay in float32`;
}

function storedNote(type: HalfType): string {
  return `the files hold weights in ${type}, as storage alone: the provider does not compute in ${type} here, so they are cast to float32 when a file is loaded, and take as much memory as float32 weights do`;
}
