import type { Precision, VariantPlugin } from "../../harness/api.ts";
import { buildBase, publishedMacsOfBase } from "../base-model/graphs.ts";
import { loadAsBase, loadRawAsBase } from "../base-model/load.ts";
import { requireFixedSize } from "../sam-fast/layers.ts";
import { inBlocks, requireGain } from "./graphs.ts";
import { idOf, presetOf, settingOf } from "./presets.ts";
import { embeddingBound, parseSetting, type Setting } from "./setting.ts";

export default {
  // Any model has these forms; `bench list precisions` has them, and the table of all variants does without.
  presets: [],
  presetOf,
  precisions: [
    precision("w8", "weights of 8 bits in blocks of 32, float32 products", parseSetting(8, "")),
    precision("w4", "weights of 4 bits in blocks of 32, float32 products", parseSetting(4, "")),
    precision("w4-level-4", "weights of 4 bits in blocks of 32, int8 products", parseSetting(4, "level-4")),
  ],
  async build(context) {
    const { preset, graph: kind } = context;
    const setting = settingOf(preset);
    await buildBase(context, (name, graph) => {
      if (kind === "reference") return graph;
      if (name === "encoder") {
        requireFixedSize(graph, preset.id, "one of a fixed size, whose shapes can be checked");
        requireGain(preset.id, graph, setting);
      }
      return inBlocks({ ...graph, name }, setting);
    });
  },
  embeddingBound: (preset) => embeddingBound(settingOf(preset)),
  // Numbers of other formats, and as many products.
  referenceMacs: publishedMacsOfBase,
  load: loadAsBase,
  loadRaw: loadRawAsBase,
} satisfies VariantPlugin;

function precision(name: string, describe: string, setting: Setting): Precision {
  return { name, describe, idOf: (model) => idOf(model, setting) };
}
