import type { BuildContext, VariantPlugin } from "../../harness/api.ts";
import { buildBase, publishedMacsOfBase } from "../base-model/graphs.ts";
import { loadAsBase, loadRawAsBase } from "../base-model/load.ts";
import { configOf } from "../sam/config.ts";
import { imageEncoder } from "../sam/imageEncoder.ts";
import { publishedMacs } from "../sam/published.ts";
import { buildDecoder } from "../sam-decoder/build.ts";
import { calibrateStatistics, calibrationOf } from "./calibrate/calibrate.ts";
import { type Calibrated, readCalibrated, writeCalibrated } from "./calibrate/calibrated.ts";
import { buildFound } from "./found/build.ts";
import { calibrateFound } from "./found/calibrate.ts";
import { deployed, integerLayers } from "./graphs/deployed.ts";
import { simulatedPlaces, withSigns } from "./graphs/simulated.ts";
import { wholeGraph } from "./graphs/stages.ts";
import { learnUnits, refuseFullSize } from "./learn/learn.ts";
import { isSam, presetOf, ptq4samPresets, settingFlags, settingOf, withSettingFlags } from "./presets.ts";
import { embeddingBound, formatSetting, methods } from "./setting.ts";
import { theoryOf } from "./theory.ts";

export default {
  presets: ptq4samPresets,
  presetOf,
  options: settingFlags,
  withOptions: withSettingFlags,
  precisions: [
    { name: "w8a8", describe: "8 bits by PTQ4SAM", idOf: (model) => `ptq4sam/${model}/w8a8` },
    { name: "w4a4", describe: "4 bits by PTQ4SAM", idOf: (model) => `ptq4sam/${model}/w4a4` },
  ],
  async calibrate(context) {
    const setting = settingOf(context.preset);
    if (!isSam(context.preset.base!)) return writeCalibrated(await calibrateFound(context, setting));
    const calibration = calibrationOf(context, setting);
    const learns = methods[setting.method].learned === "reconstructed";
    if (learns) refuseFullSize(calibration);
    const { calibrated, model } = await calibrateStatistics(calibration);
    return writeCalibrated(learns ? await learnUnits(calibration, calibrated, model) : calibrated);
  },
  async build(context) {
    const { preset, graph } = context;
    if (!isSam(preset.base!)) {
      if (graph === "reference") await buildBase({ ...context, graph: "fused" }, (_, float) => float);
      else await buildFound(context, settingOf(preset));
      return;
    }
    // What the quantised model is measured against: the float one that it was made from.
    if (graph === "reference") await buildFloat(context);
    else await buildQuantized(context);
    context.checkpoint.assertAllTaken();
  },
  // Numbers of other formats, and as many products.
  referenceMacs: (context) =>
    isSam(context.preset.base!)
      ? publishedMacs(configOf(context.preset.base!), context.checkpoint)
      : publishedMacsOfBase(context),
  embeddingBound: (preset) => embeddingBound(settingOf(preset)),
  load: loadAsBase,
  loadRaw: loadRawAsBase,
} satisfies VariantPlugin;

async function buildFloat(context: BuildContext): Promise<void> {
  const config = configOf(context.preset.base!, context.side);
  await context.out.write("encoder", imageEncoder(config, context.checkpoint));
  await buildDecoder({ ...context, graph: "fused" }, config.decoder);
}

async function buildQuantized(context: BuildContext): Promise<void> {
  const { preset, calibration, out } = context;
  const setting = settingOf(preset);
  const calibrated = readCalibrated(calibration, preset.id, formatSetting(setting));
  const model = { config: configOf(preset.base!, context.side), checkpoint: context.checkpoint };
  if (setting.execution === "integer") {
    const integers = await buildDeployed(context, calibrated);
    out.note?.(describeIntegers(integers));
    out.theory?.(theoryOf(model, calibrated, integers));
  } else {
    await buildSimulated(context, calibrated);
    for (const note of calibrated.notes) out.note?.(note);
    out.theory?.(theoryOf(model, calibrated, "the paper's"));
  }
}

async function buildSimulated({ preset, checkpoint, side, out }: BuildContext, calibrated: Calibrated): Promise<void> {
  const config = configOf(preset.base!, side);
  const model = { config, checkpoint: withSigns(checkpoint, calibrated.signs) };
  for (const name of ["encoder", "decoder", "decoder-mask"] as const)
    await out.write(
      name,
      wholeGraph(model, name, (graph) => simulatedPlaces(graph, calibrated)),
    );
}

/** Writes the float graphs with int8 products in them. Returns the layers that are int8. */
async function buildDeployed(context: BuildContext, calibrated: Calibrated): Promise<ReadonlySet<string>> {
  const { checkpoint, out } = context;
  const integers = new Set<string>();
  await buildFloat({
    ...context,
    checkpoint: withSigns(checkpoint, calibrated.signs),
    out: {
      async write(name, float) {
        const graph = deployed(float, calibrated);
        for (const layer of integerLayers(graph)) integers.add(layer);
        await out.write(name, graph);
      },
    },
  });
  return integers;
}

/**
 * Words for the run's manifest what is int8. The calibration's own notes are about quantisers that this graph does not have.
 */
function describeIntegers(integers: ReadonlySet<string>): string {
  const inEncoder = [...integers].filter((layer) => layer.startsWith("image_encoder.")).length;
  return `${inEncoder} layers of the encoder and ${integers.size - inEncoder} of the decoder are int8; bit operations and storage count these as int8 and all else as float32`;
}
