import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CalibrationValues, DecoderRules, GraphKind } from "../api.ts";
import { measuredGraphs } from "../build/build.ts";
import type { OpenedWeights } from "../build/weights/openedWeights.ts";
import { HarnessError } from "../errors.ts";
import { modelFile, type PortableModel, portableModelSchema, writeGraph } from "../onnx/index.ts";
import { decoderRulesOf } from "../plan/plugins/decoderRules.ts";
import { type RegisteredVariant, type Registry, weightsVariantOf } from "../plan/plugins/registry.ts";
import { portableModel } from "./description.ts";
import { replaceFolder } from "./folder.ts";
import { portableGraphs } from "./graphs.ts";
import { licenceFile, licenceText, weightsRecord } from "./licence.ts";

/** A variant whose weights are open, and where its model goes. */
export interface ModelToWrite extends Pick<OpenedWeights, "checkpoint" | "record"> {
  readonly variant: RegisteredVariant;
  readonly registry: Registry;
  readonly graph: GraphKind;
  readonly calibration?: CalibrationValues | undefined;
  readonly folder: string;
  /** Receives how many graphs are written. */
  progress(done: number, total: number, what: string): void;
}

/**
 * Writes the graphs as they are measured, `model.json` and `LICENCE.txt`, in the place of what the folder held. Throws HarnessError for
 * a variant without graphs, and for a folder with files of others.
 */
export async function writeModel({ folder, progress, ...from }: ModelToWrite): Promise<PortableModel> {
  const { variant, registry, checkpoint, record, graph, calibration } = from;
  const { preset } = variant;
  const rules = rulesOf(variant);
  const notes: string[] = [];
  const measured = await measuredGraphs(
    { variant, checkpoint, graph, calibration },
    { note: (text) => notes.push(text) },
  );
  const graphs = portableGraphs(preset.id, measured);
  const weights = weightsRecord(record, weightsVariantOf(registry, variant));
  let model: PortableModel | undefined;
  await replaceFolder(folder, async (fresh) => {
    for (const [i, each] of [...graphs.values()].entries()) {
      progress(i, graphs.size, `writing ${each.name}.onnx`);
      writeGraph(each, fresh);
    }
    model = portableModelSchema.parse(await portableModel({ preset, rules, graph, graphs, notes, weights }, fresh));
    writeFileSync(join(fresh, modelFile), `${JSON.stringify(model, undefined, 2)}\n`);
    writeFileSync(join(fresh, licenceFile), licenceText(model));
  });
  return model!;
}

/** Returns the rules of a variant's decoder, or those of its base. Throws HarnessError where there are no graphs to write. */
export function rulesOf(variant: RegisteredVariant): DecoderRules {
  const { preset, files, external } = variant;
  const refusal = (why: string, hint: string) => new HarnessError(`${preset.id}: can not be written: ${why}`, { hint });
  if (files !== undefined) throw refusal("it is ONNX files of your own already", "copy them");
  if (external !== undefined) throw refusal("another program runs it", "export it with that program");
  if (preset.role === "floor")
    throw refusal("it is a floor, and has no graph", "bench list variants shows those that have");
  const rules = decoderRulesOf(variant);
  if (rules !== undefined) return rules;
  throw refusal(
    "its plug-in does not say how its decoder is fed",
    "add decoderRules to the plug-in: harness/api/variants.ts lists the rules",
  );
}
