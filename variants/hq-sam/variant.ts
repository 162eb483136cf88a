import type { Checkpoint, VariantPlugin } from "../../harness/api.ts";
import { discardUnused } from "../mobilesam/unused.ts";
import { positionsAt } from "../sam/positionsAt.ts";
import { configOf, type HqSamConfig } from "./config.ts";
import { decoderImage } from "./hqFeatures.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { loadHqSam, loadRawHqSam } from "./load.ts";
import { maskDecoder } from "./maskDecoder.ts";
import { hqSamPresets, logitsModeOf } from "./presets.ts";
import { referenceFeatures, referenceMaskDecoder } from "./reference.ts";

export default {
  presets: hqSamPresets,
  async build({ preset, checkpoint, graph, side, out }) {
    const config = configOf(preset.base ?? preset.id, side);
    const features = graph === "fused" ? decoderImage : referenceFeatures;
    const decoder = graph === "fused" ? maskDecoder : referenceMaskDecoder;
    await out.write("encoder", imageEncoder(config, placed(config, preset.base ?? preset.id, checkpoint), graph));
    await out.write("decoder-image", features(config, checkpoint));
    await out.write("decoder", decoder(config, checkpoint, "points and boxes"));
    await out.write("decoder-mask", decoder(config, checkpoint, "points, boxes and a mask"));
    if (config.encoder.kind === "TinyViT") discardUnused(checkpoint);
    checkpoint.assertAllTaken();
  },
  decoderRules: (preset) => (logitsModeOf(preset) === "HQ alone" ? "hq-sam-alone" : "hq-sam"),
  load: (files, runtime, preset) => loadHqSam(files, runtime, logitsModeOf(preset)),
  loadRaw: loadRawHqSam,
} satisfies VariantPlugin;

/** Returns the checkpoint with SAM's positions at the side of the input; TinyViT's are those of windows. */
function placed({ encoder }: HqSamConfig, id: string, checkpoint: Checkpoint): Checkpoint {
  const own = configOf(id).encoder;
  if (encoder.kind === "TinyViT" || own.kind === "TinyViT") return checkpoint;
  return positionsAt(checkpoint, own.sizes, encoder.sizes);
}
