import type { VariantPlugin } from "../../harness/api.ts";
import { buildSam2Decoder, sam2Decoder } from "../sam2-decoder/decoder.ts";
import { loadRawSam2, loadSam2 } from "../sam2-decoder/load.ts";
import { singleMaskOf } from "../sam2-decoder/presets.ts";
import { discardVideoMemory } from "../sam2-decoder/videoMemory.ts";
import { encoderOutputs } from "../sam2-neck/outputs.ts";
import { configOf } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { edgeTamPresets } from "./presets.ts";
import { referenceImageEncoder } from "./reference.ts";

/** Its layers bring a frame's memory to fewer tokens. Source: sam2/modeling/perceiver.py of facebookresearch/EdgeTAM. */
const perceiver = /^spatial_perceiver\./;

export default {
  presets: edgeTamPresets,
  async build(context) {
    const { preset, checkpoint, graph, out } = context;
    const config = configOf(preset.base ?? preset.id, context.side);
    const encoder = graph === "fused" ? imageEncoder : referenceImageEncoder;
    await out.write("encoder", encoder(config, checkpoint, encoderOutputs(context)));
    await buildSam2Decoder(context, config.decoder, sam2Decoder);
    checkpoint.discard(/\.num_batches_tracked$/, "batch norm's counter; only training uses it");
    if (preset.size === "full") discardVideoMemory(checkpoint, perceiver);
    checkpoint.assertAllTaken();
  },
  load: (files, runtime, preset) => loadSam2(files, runtime, singleMaskOf(preset)),
  loadRaw: loadRawSam2,
} satisfies VariantPlugin;
