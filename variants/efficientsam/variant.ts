import type { VariantPlugin } from "../../harness/api.ts";
import { decoderImage } from "../sam-decoder/maskDecoder.ts";
import { configOf, efficientSamDecoder } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { loadEfficientSam, loadRawEfficientSam } from "./load.ts";
import { maskDecoder } from "./maskDecoder.ts";
import { efficientSamOnnx, efficientSamPresets } from "./presets.ts";
import { referenceImageEncoder } from "./reference.ts";
import { referenceMaskDecoder } from "./referenceDecoder.ts";

export default {
  presets: efficientSamPresets,
  downloads: efficientSamOnnx,
  async build({ preset, checkpoint, graph, side, out }) {
    const config = configOf(preset.id, side);
    if (graph === "fused") {
      await out.write("encoder", imageEncoder(config, checkpoint));
      await out.write("decoder-image", decoderImage(config.decoder, checkpoint, efficientSamDecoder));
      await out.write("decoder", maskDecoder(config.decoder, checkpoint));
    } else {
      await out.write("encoder", referenceImageEncoder(config, checkpoint));
      await out.write("decoder", referenceMaskDecoder(config.decoder, checkpoint));
    }
    checkpoint.assertAllTaken();
  },
  decoderRules: () => "efficientsam",
  load: loadEfficientSam,
  loadRaw: loadRawEfficientSam,
} satisfies VariantPlugin;
