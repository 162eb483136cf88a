import type { VariantPlugin } from "../../harness/api.ts";
import { buildBase } from "../base-model/graphs.ts";
import { loadAsBase, loadRawAsBase } from "../base-model/load.ts";
import { presetOf, sparsePresets, withSetting } from "./presets.ts";
import { prunedMacs, pruningOf } from "./published.ts";
import { searchSpace } from "./search.ts";

export default {
  presets: sparsePresets,
  presetOf,
  options: [
    { name: "ratios", describe: "sparsevit: share of windows left out, one a stage or one a pair of windowed blocks" },
    { name: "global-keep", describe: "sparsevit: share of tokens that global blocks work on" },
  ],
  withOptions: withSetting,
  searchSpace,
  // Nobody published a pruned SAM to follow operator for operator: the reference is the whole encoder that is pruned.
  async build(context) {
    const { model, sparsity } = pruningOf(context.preset);
    const { checkpoint, graph } = context;
    await buildBase(context, (name, whole) =>
      name === "encoder" && graph === "fused" ? model.encoder(sparsity, checkpoint) : whole,
    );
  },
  referenceMacs: prunedMacs,
  // Nothing was trained for it: half of the windows may tell as little as the embedding's mean, and no less.
  embeddingBound: () => 1,
  load: loadAsBase,
  loadRaw: loadRawAsBase,
} satisfies VariantPlugin;
