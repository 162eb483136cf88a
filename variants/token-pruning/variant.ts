import type { VariantPlugin } from "../../harness/api.ts";
import { configOf } from "../sam/config.ts";
import { positionsAt } from "../sam/positionsAt.ts";
import { referenceImageEncoder } from "../sam/reference.ts";
import { buildDecoder } from "../sam-decoder/build.ts";
import { loadRawSam, loadSam } from "../sam-decoder/load.ts";
import { prunedImageEncoder } from "./imageEncoder.ts";
import { presetOf, pruningOf, pruningPresets, withKeepRate } from "./presets.ts";
import { prunedMacs } from "./published.ts";

export default {
  presets: pruningPresets,
  presetOf,
  options: [{ name: "keep-rate", describe: "evit, evovit: share of each window's tokens that go on, 0.05 to 1" }],
  withOptions: withKeepRate,
  // Nobody published a SAM pruned so: the reference is the whole encoder.
  async build(context) {
    const { preset, checkpoint, graph, out } = context;
    const pruning = pruningOf(preset.id)!;
    const config = configOf(pruning.sam, context.side);
    const placed = positionsAt(checkpoint, configOf(pruning.sam), config);
    await out.write(
      "encoder",
      graph === "fused" ? prunedImageEncoder(config, pruning, placed) : referenceImageEncoder(config, placed),
    );
    await buildDecoder(context, config.decoder);
    checkpoint.assertAllTaken();
  },
  referenceMacs: ({ preset, checkpoint }) => prunedMacs(pruningOf(preset.id)!, checkpoint),
  // Nothing was trained for it.
  embeddingBound: () => 0.5,
  decoderRules: () => "sam",
  load: loadSam,
  loadRaw: loadRawSam,
} satisfies VariantPlugin;
