import type { VariantPlugin } from "../../harness/api.ts";
import { configOf } from "./config.ts";
import { fusedConvolution, referenceConvolution } from "./convolution.ts";
import { loadFastSam, loadRawFastSam } from "./load.ts";
import { network, ofAnySize } from "./network.ts";
import { fastSamPresets } from "./presets.ts";

export default {
  presets: fastSamPresets,
  async build({ preset, checkpoint, graph, side, out }) {
    const convolution = graph === "fused" ? fusedConvolution : referenceConvolution;
    const encoder = network(configOf(preset.base ?? preset.id, side), checkpoint, convolution);
    await out.write("encoder", preset.input.multipleOf === undefined ? encoder : ofAnySize(encoder));
    checkpoint.discard(/\.num_batches_tracked$/, "batch norm counts its training steps; inference does not use it");
    checkpoint.assertAllTaken();
  },
  decoderRules: () => "fastsam",
  load: loadFastSam,
  loadRaw: loadRawFastSam,
} satisfies VariantPlugin;
