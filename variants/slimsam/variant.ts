import type { VariantPlugin } from "../../harness/api.ts";
import { imageEncoder } from "../sam/imageEncoder.ts";
import { positionsAt } from "../sam/positionsAt.ts";
import { referenceImageEncoder } from "../sam/reference.ts";
import { refuseTransformersLayout } from "../sam/transformersLayout.ts";
import { buildDecoder } from "../sam-decoder/build.ts";
import { loadRawSam, loadSam } from "../sam-decoder/load.ts";
import { configOf, slimSamConfigs, widthsNote } from "./config.ts";
import { refuseGlobalPruning } from "./globalPruning.ts";
import { slimSamPresets } from "./presets.ts";

export default {
  presets: slimSamPresets,
  async build(context) {
    const { preset, checkpoint, graph, out } = context;
    refuseGlobalPruning(checkpoint);
    refuseTransformersLayout(checkpoint, slimSamConfigs["slimsam-77"], "SlimSAM-77-uniform.pth");
    refuseTransformersLayout(checkpoint, slimSamConfigs["slimsam-50"], "SlimSAM-50-uniform.pth");
    const config = configOf(preset.id, checkpoint, context.side);
    const encoder = graph === "fused" ? imageEncoder : referenceImageEncoder;
    await out.write("encoder", encoder(config, positionsAt(checkpoint, configOf(preset.id, checkpoint), config)));
    await buildDecoder(context, config.decoder);
    const note = widthsNote(preset.id, config);
    if (note !== undefined) out.note?.(note);
    checkpoint.assertAllTaken();
  },
  decoderRules: () => "sam",
  load: loadSam,
  loadRaw: loadRawSam,
} satisfies VariantPlugin;
