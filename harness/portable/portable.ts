import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DecoderRules, GraphKind } from "../api.ts";
import { buildVariant, measuredGraphs } from "../build/build.ts";
import { calibrationFor } from "../build/calibration.ts";
import { prepareRun } from "../build/preparedRun.ts";
import type { WorkerSetup } from "../build/setup.ts";
import { openWeights } from "../build/weights/openedWeights.ts";
import { HarnessError } from "../errors.ts";
import { modelFile, type PortableModel, portableModelSchema, writeGraph } from "../onnx/index.ts";
import { drawnDataset } from "../plan/options.ts";
import { type RunPlan, resolvePlan } from "../plan/plan.ts";
import { type RegisteredVariant, weightsVariantOf } from "../plan/plugins/registry.ts";
import type { RunFlags } from "../plan/runFlags.ts";
import type { ChosenVariant } from "../plan/weights.ts";
import { misfitOf, promptPlan } from "../protocols/index.ts";
import { type RunRequest, watcherOf } from "../run/request.ts";
import { portableModel } from "./description.ts";
import { replaceFolder, requireReplaceable, sizesIn } from "./folder.ts";
import { portableGraphs } from "./graphs.ts";
import { licenceFile, licenceText, weightsRecord } from "./licence.ts";
import { type MaskEquality, readBack } from "./readBack.ts";

const defaults = { images: 3 };
/** Name by which the written files are read back. */
const written = "written";

export interface PortableRequest extends Pick<RunRequest, "observer" | "signal"> {
  readonly variant: string;
  readonly graph: GraphKind;
  readonly folder: string;
  /** Flags of a plan: weights, checkpoints, settings of methods, plug-ins. */
  readonly flags: RunFlags;
  /** Receives how many files or images are done. */
  progress(step: "files" | "images", done: number, total: number, what: string): void;
}

/** A model that was taken away: what lies in its folder, and whether that gives the masks that were measured. */
export interface TakenModel {
  readonly model: PortableModel;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly masks: MaskEquality;
}

/**
 * Writes a variant's graphs, as they are measured, with all that is needed to run them elsewhere; then it reads them back as a user
 * does and compares masks. Throws HarnessError for a variant that can not be written, and for a folder of other files.
 */
export async function takeModel(request: PortableRequest): Promise<TakenModel> {
  const { folder } = request;
  requireReplaceable(folder);
  const { plan, chosen, rules } = await planOf(request);
  const measured = await writeFolder(request, { plan, chosen, rules });
  const masks = await comparedMasks(request, plan, measured.setup);
  return { model: measured.model, files: sizesIn(folder), masks };
}

interface Portable {
  readonly plan: RunPlan;
  readonly chosen: ChosenVariant;
  readonly rules: DecoderRules;
}

/** Returns the plan of the variant alone, on drawn scenes, with the prompts of a run that fit it. */
async function planOf({ variant, flags }: PortableRequest): Promise<Portable> {
  const shared = {
    ...flags,
    variants: variant,
    dataset: drawnDataset,
    limit: defaults.images,
    baseline: false,
    "allow-overlap": true,
  };
  // Every variant takes a point; what else it takes shows when it is known.
  const first = onlyOne(await resolvePlan({ ...shared, prompts: "1p" }), variant);
  const fitting = promptPlan({}).filter((planned) => misfitOf(planned, first.variant.preset) === undefined);
  const prompts = fitting.map((each) => each.prompts).join(",");
  const plan = await resolvePlan({ ...shared, prompts });
  const chosen = onlyOne(plan, variant);
  return { plan, chosen, rules: rulesOf(chosen.variant) };
}

function onlyOne({ chosen }: RunPlan, asked: string): ChosenVariant {
  const [first] = chosen;
  if (first === undefined || chosen.length > 1)
    throw new HarnessError(`${asked}: one variant is written at a time`, { found: chosen.length });
  return first;
}

/** Returns the rules of a variant's decoder, or those of its base. Throws HarnessError where there are no graphs to write. */
function rulesOf({ preset, plugin, files, external, base }: RegisteredVariant): DecoderRules {
  const refuse = (why: string, hint: string) => new HarnessError(`${preset.id}: can not be written: ${why}`, { hint });
  if (files !== undefined) throw refuse("it is ONNX files of your own already", "copy them");
  if (external !== undefined) throw refuse("another program runs it", "export it with that program");
  if (preset.role === "floor")
    throw refuse("it is a floor, and has no graph", "bench list variants shows those that have");
  const rules = plugin.decoderRules?.(preset);
  if (rules !== undefined) return rules;
  if (base !== undefined) return rulesOf(base);
  throw refuse(
    "its plug-in does not say how its decoder is fed",
    "add decoderRules to the plug-in: harness/api/variants.ts lists the rules",
  );
}

interface Measured {
  readonly model: PortableModel;
  /** What a worker needs to run the graphs as they are measured. */
  readonly setup: WorkerSetup;
}

async function writeFolder(request: PortableRequest, { plan, chosen, rules }: Portable): Promise<Measured> {
  const { folder, graph, observer, signal, progress } = request;
  const { variant } = chosen;
  const { id } = variant.preset;
  const watcher = watcherOf(id, { observer, signal });
  const prepared = await prepareRun(plan, chosen, [], watcher);
  const { checkpoint, weightsId, record } = await openWeights(chosen, plan.registry);
  try {
    const learning = { variant, checkpoint, weightsId, registry: plan.registry, runtime: plan.runtime };
    const calibration = await calibrationFor({ ...learning, ...watcher, progress: watcher.calibration });
    const build = { variant, checkpoint, weightsId, graph, calibration: calibration?.values };
    const notes: string[] = [];
    const graphs = portableGraphs(id, await measuredGraphs(build, { note: (text) => notes.push(text) }));
    const weights = weightsRecord(record, weightsVariantOf(plan.registry, variant));
    let model: PortableModel | undefined;
    await replaceFolder(folder, async (fresh) => {
      for (const [i, each] of [...graphs.values()].entries()) {
        progress("files", i, graphs.size, `writing ${each.name}.onnx`);
        writeGraph(each, fresh);
      }
      const { preset } = variant;
      model = await portableModel({ preset, rules, graph, graphs, notes, weights }, fresh);
      writeFileSync(join(fresh, modelFile), `${JSON.stringify(portableModelSchema.parse(model), undefined, 2)}\n`);
      writeFileSync(join(fresh, licenceFile), licenceText(model));
    });
    const { files } = graph === "fused" ? { files: prepared.setup.graphs } : await buildVariant(build);
    return { model: model!, setup: { ...prepared.setup, graphs: files } };
  } finally {
    checkpoint.close();
  }
}

/** Reads the files back by `--variant-files`, on the plan of the variant itself, and compares the masks of both. */
async function comparedMasks(
  { folder, flags, observer, signal, progress }: PortableRequest,
  { prompts, images }: RunPlan,
  measured: WorkerSetup,
): Promise<MaskEquality> {
  const { seed, threads, plugin } = flags;
  const plan = await resolvePlan({
    seed,
    threads,
    plugin,
    variants: written,
    "variant-files": [`${written}=${folder}`],
    dataset: drawnDataset,
    limit: images.length,
    prompts: prompts.map((each) => each.prompts).join(","),
    baseline: false,
  });
  const prepared = await prepareRun(plan, onlyOne(plan, written), [], watcherOf(written, { observer, signal }));
  return readBack({
    measured,
    written: prepared.setup,
    images,
    signal,
    progress: (done, total, what) => progress("images", done, total, what),
  });
}
