import type { VariantPlugin } from "../../harness/api.ts";
import { buildBase, publishedMacsOfBase } from "../base-model/graphs.ts";
import { loadAsBase, loadRawAsBase } from "../base-model/load.ts";
import { requireFixedSize } from "../sam-fast/layers.ts";
import { inBlocks, requireGain } from "./graphs.ts";
import { presetOf, settingOf, weightOnlyPresets } from "./presets.ts";
import { embeddingBound } from "./setting.ts";

export default {
  presets: weightOnlyPresets,
  presetOf,
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
