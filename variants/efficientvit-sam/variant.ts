import type { VariantPlugin } from "../../harness/api.ts";
import { buildDecoder } from "../sam-decoder/build.ts";
import { type DecoderArchitecture, samDecoder } from "../sam-decoder/config.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { loadRawSam, loadSam } from "../sam-decoder/load.ts";
import { configOf } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { efficientVitSamPresets } from "./presets.ts";
import { referenceImageEncoder } from "./reference.ts";

/** SAM's decoder, but for the epsilon. Source: efficientvit/models/efficientvit/sam.py and efficientvit/sam_model_zoo.py. */
const decoder: DecoderArchitecture = { ...samDecoder, layerNormEpsilon: epsilons.efficientVit };

export default {
  presets: efficientVitSamPresets,
  async build(context) {
    const { preset, checkpoint, graph, out } = context;
    const config = configOf(preset.id, context.side);
    const encoder = graph === "fused" ? imageEncoder : referenceImageEncoder;
    await out.write("encoder", encoder(config, checkpoint));
    await buildDecoder(context, config.decoder, decoder);
    checkpoint.discard(/\.num_batches_tracked$/, "batch norm's counter; only training uses it");
    checkpoint.assertAllTaken();
  },
  decoderRules: () => "sam",
  load: loadSam,
  loadRaw: loadRawSam,
} satisfies VariantPlugin;
