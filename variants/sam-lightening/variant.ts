import type { VariantPlugin } from "../../harness/api.ts";
import { positionsAt } from "../sam/positionsAt.ts";
import { buildDecoder } from "../sam-decoder/build.ts";
import { loadRawSam, loadSam } from "../sam-decoder/load.ts";
import { configOf } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { lighteningPresets } from "./presets.ts";
import { referenceImageEncoder } from "./reference.ts";

export default {
  presets: lighteningPresets,
  async build(context) {
    const { preset, checkpoint, graph, out } = context;
    const config = configOf(preset.id, context.side);
    const encoder = graph === "fused" ? imageEncoder : referenceImageEncoder;
    await out.write("encoder", encoder(config, positionsAt(checkpoint, configOf(preset.id), config)));
    await buildDecoder(context, config.decoder);
    checkpoint.assertAllTaken();
  },
  decoderRules: () => "sam",
  load: loadSam,
  loadRaw: loadRawSam,
} satisfies VariantPlugin;
