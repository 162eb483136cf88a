import type { VariantPlugin } from "../../harness/api.ts";
import { buildDecoder } from "../sam-decoder/build.ts";
import { loadRawSam, loadSam } from "../sam-decoder/load.ts";
import { configOf } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { positionsAt } from "./positionsAt.ts";
import { samPresets } from "./presets.ts";
import { referenceImageEncoder } from "./reference.ts";
import { refuseTransformersLayout } from "./transformersLayout.ts";

export default {
  presets: samPresets,
  async build(context) {
    const { preset, checkpoint, graph, out } = context;
    const config = configOf(preset.id, context.side);
    if (preset.published !== undefined) refuseTransformersLayout(checkpoint, config, `${preset.published.id}.pth`);
    const encoder = graph === "fused" ? imageEncoder : referenceImageEncoder;
    await out.write("encoder", encoder(config, positionsAt(checkpoint, configOf(preset.id), config)));
    await buildDecoder(context, config.decoder);
    checkpoint.assertAllTaken();
  },
  decoderRules: () => "sam",
  load: loadSam,
  loadRaw: loadRawSam,
} satisfies VariantPlugin;
