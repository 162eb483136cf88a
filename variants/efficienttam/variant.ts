import type { VariantPlugin } from "../../harness/api.ts";
import { buildSam2Decoder } from "../sam2-decoder/decoder.ts";
import { loadRawSam2, loadSam2 } from "../sam2-decoder/load.ts";
import { singleMaskOf } from "../sam2-decoder/presets.ts";
import { discardVideoMemory } from "../sam2-decoder/videoMemory.ts";
import { encoderOutputs } from "../sam2-neck/outputs.ts";
import { configOf, efficientTamDecoder } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { efficientTamPresets } from "./presets.ts";
import { referenceImageEncoder } from "./reference.ts";

export default {
  presets: efficientTamPresets,
  async build(context) {
    const { preset, checkpoint, graph, out } = context;
    const config = configOf(preset.base ?? preset.id, context.side);
    const encoder = graph === "fused" ? imageEncoder : referenceImageEncoder;
    await out.write("encoder", encoder(config, checkpoint, encoderOutputs(context)));
    await buildSam2Decoder(context, config.decoder, efficientTamDecoder);
    if (preset.size === "full") discardVideoMemory(checkpoint);
    checkpoint.assertAllTaken();
  },
  load: (files, runtime, preset) => loadSam2(files, runtime, singleMaskOf(preset)),
  loadRaw: loadRawSam2,
} satisfies VariantPlugin;
