import type { HalfType, OnnxGraph, VariantPlugin } from "../../harness/api.ts";
import { computedIn, storedIn } from "../../harness/onnx/index.ts";
import { buildBase, publishedMacsOfBase } from "../base-model/graphs.ts";
import { loadAsBase, loadRawAsBase } from "../base-model/load.ts";
import { type Format, presetOf } from "./presets.ts";

/** Returns the method that gives any model's graphs weights of 16 bits. The reference graph stays the published one. */
export function pluginOf(format: Format): VariantPlugin {
  const { type } = format;
  return {
    // Any model has this form. None is listed: the first table of all variants would have a row more that says what float says.
    presets: [],
    presetOf: (id, modelOf) => presetOf(format, id, modelOf),
    precisions: [
      {
        name: format.id,
        describe: `weights in ${type}; computed in it where the provider does, and on the processor in float32`,
        idOf: (model) => `${format.id}/${model}`,
      },
    ],
    async build(context) {
      const { graph, out } = context;
      if (graph === "reference") return buildBase(context, (_, published) => published);
      const computes = (await context.computesIn?.(type)) === true;
      let open = false;
      await buildBase(context, (_, fused) => {
        open ||= takesAnySize(fused);
        return computes && !takesAnySize(fused) ? computedIn(fused, type) : storedIn(fused, type);
      });
      out.note?.(noteOf(type, !computes ? "stored" : open ? "any size" : "computed"));
    },
    // Numbers of another format, and as many products.
    referenceMacs: publishedMacsOfBase,
    embeddingBound: () => format.embeddingBound,
    load: loadAsBase,
    loadRaw: loadRawAsBase,
  };
}

/** Tells whether the sides of a graph's image are known only when it runs: it can not be written anew. */
function takesAnySize({ inputs }: OnnxGraph): boolean {
  return inputs.some(({ dims }) => dims.length === 4 && dims.slice(2).some((side) => typeof side === "string"));
}

/** Says for the manifest what becomes of the weights. */
function noteOf(type: HalfType, how: "computed" | "stored" | "any size"): string {
  if (how === "computed")
    return `the provider computes in ${type}: products and what leads from one to the next; positions, sums, quotients and what follows the last product stay in float32`;
  const reason =
    how === "stored" ? `the provider does not compute in ${type} here` : "the encoder takes images of any size";
  return `the files hold weights in ${type}, as storage alone: ${reason}, so they are cast to float32 when a file is loaded, and take as much memory as float32 weights do`;
}
