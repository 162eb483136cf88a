import type { VariantPlugin } from "../../harness/api.ts";
import { configOf } from "../sam/config.ts";
import { methodMacs } from "../sam/published.ts";
import { referenceImageEncoder } from "../sam/reference.ts";
import { buildDecoder } from "../sam-decoder/build.ts";
import { loadRawSam, loadSam } from "../sam-decoder/load.ts";
import { sparseImageEncoder } from "./imageEncoder.ts";
import { manifestOf, sizeOf, sparsePresetOf, sparsePresets, withSetting } from "./presets.ts";
import { searchSpace } from "./search.ts";
import { sparsityOf } from "./sparsity.ts";

export default {
  presets: sparsePresets,
  presetOf: manifestOf,
  options: [
    { name: "ratios", describe: "sparsevit: share of windows left out, one a stage or one a pair of windowed blocks" },
    { name: "global-keep", describe: "sparsevit: share of tokens that global blocks work on" },
  ],
  withOptions: withSetting,
  searchSpace,
  // Nobody published a pruned SAM to follow operator for operator: the reference is the whole encoder that is pruned.
  async build(context) {
    const { preset, checkpoint, graph, out } = context;
    const { base, setting } = sparsePresetOf(preset.id)!;
    const config = configOf(base, context.side);
    const sparsity = sparsityOf(config, sizeOf(base), setting);
    await out.write(
      "encoder",
      graph === "fused" ? sparseImageEncoder(config, sparsity, checkpoint) : referenceImageEncoder(config, checkpoint),
    );
    await buildDecoder(context, config.decoder);
    checkpoint.assertAllTaken();
  },
  referenceMacs({ preset, checkpoint }) {
    const { base, setting } = sparsePresetOf(preset.id)!;
    const config = configOf(base);
    const sparsity = sparsityOf(config, sizeOf(base), setting);
    const windowed = sparsity.ratios.filter((_, block) => !config.globalBlocks.includes(block));
    const whole = windowed.filter((ratio) => ratio === 0).length;
    const encoder = sparseImageEncoder(config, sparsity, checkpoint);
    return methodMacs({ encoder, config, checkpoint, whole, kept: windowed.length - whole });
  },
  load: loadSam,
  loadRaw: loadRawSam,
} satisfies VariantPlugin;
