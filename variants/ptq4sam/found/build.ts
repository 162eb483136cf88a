import type { BuildContext } from "../../../harness/api.ts";
import { buildBase } from "../../base-model/graphs.ts";
import { type Calibrated, readCalibrated } from "../calibrate/calibrated.ts";
import { withSigns } from "../graphs/simulated.ts";
import { formatSetting, type Setting } from "../setting.ts";
import { inIntegers } from "./integers.ts";
import { type FoundModel, foundModel } from "./model.ts";
import { simulated } from "./simulated.ts";
import { theoryOfFound } from "./theory.ts";

/** Writes the graphs of a model that another plug-in builds, quantised where its nodes say that quantisers belong. */
export async function buildFound(context: BuildContext, setting: Setting): Promise<void> {
  const { preset, checkpoint, out } = context;
  // First, since a model may have nothing that the method is about, whatever is calibrated.
  const model = await foundModel(context, setting);
  const calibrated = readCalibrated(context.calibration, preset.id, formatSetting(setting));
  const signed = { ...context, checkpoint: withSigns(checkpoint, calibrated.signs), graph: model.kind };
  if (setting.execution === "integer") await buildIntegers(signed, model, calibrated);
  else {
    await buildBase(signed, (_, graph) => simulated(graph, calibrated));
    for (const note of calibrated.notes) out.note?.(note);
    out.theory?.(theoryOfFound(model, calibrated, "all"));
  }
}

async function buildIntegers(context: BuildContext, model: FoundModel, calibrated: Calibrated): Promise<void> {
  const { out } = context;
  const inEncoder = new Set<string>();
  const inDecoder = new Set<string>();
  await buildBase(context, (name, float) => {
    const { graph, layers } = inIntegers(float, calibrated);
    for (const layer of layers) (name === "encoder" ? inEncoder : inDecoder).add(layer);
    return graph;
  });
  const all = model.encoder.layers.length;
  out.note?.(
    `${inEncoder.size} of the encoder's ${all} layers and ${inDecoder.size} of the decoder's ${model.decoder.layers.length} are int8; bit operations and storage count these as int8 and all else as float32`,
  );
  out.theory?.(theoryOfFound(model, calibrated, new Set([...inEncoder, ...inDecoder])));
}
