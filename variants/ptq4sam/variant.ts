import type { BuildContext, VariantPlugin } from "../../harness/api.ts";
import { configOf } from "../sam/config.ts";
import { imageEncoder } from "../sam/imageEncoder.ts";
import { buildDecoder } from "../sam-decoder/build.ts";
import { loadRawSam, loadSam } from "../sam-decoder/load.ts";
import { calibrateStatistics, calibrationOf } from "./calibrate.ts";
import { readCalibrated, writeCalibrated } from "./calibrated.ts";
import { presetOf, ptq4samPresets, settingFlags, settingOf, withSettingFlags } from "./presets.ts";
import { formatSetting } from "./setting.ts";
import { simulatedPlaces, withSigns } from "./simulated.ts";
import { wholeGraph } from "./stages.ts";

export default {
  presets: ptq4samPresets,
  presetOf,
  options: settingFlags,
  withOptions: withSettingFlags,
  async calibrate(context) {
    const { calibrated } = await calibrateStatistics(calibrationOf(context, settingOf(context.preset)));
    return writeCalibrated(calibrated);
  },
  async build(context) {
    // What the quantised model is measured against: the float one that it was made from.
    if (context.graph === "reference") await buildFloat(context);
    else await buildSimulated(context);
    context.checkpoint.assertAllTaken();
  },
  load: loadSam,
  loadRaw: loadRawSam,
} satisfies VariantPlugin;

async function buildFloat(context: BuildContext): Promise<void> {
  const config = configOf(context.preset.base!, context.side);
  await context.out.write("encoder", imageEncoder(config, context.checkpoint));
  await buildDecoder({ ...context, graph: "fused" }, config.decoder);
}

async function buildSimulated({ preset, checkpoint, calibration, side, out }: BuildContext): Promise<void> {
  const config = configOf(preset.base!, side);
  const calibrated = readCalibrated(calibration, preset.id, formatSetting(settingOf(preset)));
  const model = { config, checkpoint: withSigns(checkpoint, calibrated.signs) };
  for (const name of ["encoder", "decoder", "decoder-mask"] as const)
    await out.write(
      name,
      wholeGraph(model, name, (graph) => simulatedPlaces(graph, calibrated)),
    );
  for (const note of calibrated.notes) out.note?.(note);
}
