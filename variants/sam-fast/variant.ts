import type { BuildContext, CalibrateContext, OnnxGraph, VariantPlugin } from "../../harness/api.ts";
import { configOf } from "../sam/config.ts";
import { imageEncoder } from "../sam/imageEncoder.ts";
import { referenceImageEncoder } from "../sam/reference.ts";
import { buildDecoder } from "../sam-decoder/build.ts";
import { loadRawSam, loadSam } from "../sam-decoder/load.ts";
import { chooseLayers, describeChoice, fastLinears, int8Encoder, readChoice } from "./choice.ts";
import { samFastPresets, schemeOf } from "./presets.ts";

export default {
  presets: samFastPresets,
  async build(context) {
    const { preset, checkpoint, graph, side, out } = context;
    const config = configOf(preset.base!, side);
    const encoder = graph === "reference" ? referenceImageEncoder(config, checkpoint) : fastEncoder(context);
    await out.write("encoder", encoder);
    await buildDecoder(context, config.decoder);
    checkpoint.assertAllTaken();
  },
  calibrate: (context: CalibrateContext) => chooseLayers(floatEncoder(context), schemeOf(context.preset), context),
  load: loadSam,
  loadRaw: loadRawSam,
} satisfies VariantPlugin;

/**
 * Returns the encoder in int8. Without a calibration, where only shapes and counts are asked for, all of its linear layers are
 * int8.
 */
function fastEncoder(context: BuildContext): OnnxGraph {
  const encoder = floatEncoder(context);
  if (context.calibration === undefined) return int8Encoder(encoder, schemeOf(context.preset), []);
  const choice = readChoice(context.calibration);
  context.out.note?.(describeChoice(choice, fastLinears(encoder).length));
  return int8Encoder(encoder, schemeOf(context.preset), choice.inFloat);
}

function floatEncoder(context: Pick<BuildContext, "preset" | "checkpoint" | "side">): OnnxGraph {
  return imageEncoder(configOf(context.preset.base!, context.side), context.checkpoint);
}
