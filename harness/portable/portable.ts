import type { GraphKind } from "../api.ts";
import { buildVariant } from "../build/build.ts";
import { calibrationFor } from "../build/calibration.ts";
import { prepareRun } from "../build/preparedRun.ts";
import type { WorkerSetup } from "../build/setup.ts";
import { openWeights } from "../build/weights/openedWeights.ts";
import { HarnessError } from "../errors.ts";
import type { ChosenVariant } from "../plan/models/weights.ts";
import { drawnDataset } from "../plan/options.ts";
import { type RunPlan, resolvePlan } from "../plan/plan.ts";
import { runtimeOf } from "../plan/point.ts";
import type { RunFlags } from "../plan/runFlags.ts";
import { misfitOf, promptPlan } from "../protocols/index.ts";
import { type RunRequest, watcherOf } from "../run/request.ts";
import { requireReplaceable, sizesIn } from "./folder.ts";
import { folderLayouts, type LayoutName } from "./layout.ts";
import { type MaskEquality, readBack } from "./readBack.ts";
import type { WrittenModel } from "./writtenModel.ts";

const defaults = { images: 3 };
/** Name by which the written files are read back. */
const written = "written";

export interface PortableRequest extends Pick<RunRequest, "observer" | "signal"> {
  readonly variant: string;
  readonly graph: GraphKind;
  readonly layout: LayoutName;
  readonly folder: string;
  /** Flags of a plan: weights, checkpoints, settings of methods, plug-ins. */
  readonly flags: RunFlags;
  /** Receives how many files or images are done. */
  progress(step: "files" | "images", done: number, total: number, what: string): void;
}

/** A model that was taken away: what lies in its folder, and whether that gives the masks that were measured. */
export interface TakenModel {
  readonly model: WrittenModel;
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
  const plan = await planOf(request);
  const measured = await writeFolder(request, plan);
  const masks = await comparedMasks(request, plan, measured);
  return { model: measured.model, files: sizesIn(folder), masks };
}

/**
 * Returns the plan of the variant alone, on drawn scenes, with the prompts of a run that fit it and its files. Throws HarnessError for a
 * variant without graphs, and for one that the layout does not fit.
 */
async function planOf({ variant, graph, layout, flags }: PortableRequest): Promise<RunPlan> {
  const shared = {
    ...flags,
    variants: variant,
    dataset: drawnDataset,
    limit: defaults.images,
    baseline: false,
    // No figure of accuracy comes of it.
    "allow-overlap": true,
  };
  // Every variant takes a point; what else it takes shows when it is known.
  const chosen = onlyOne(await resolvePlan({ ...shared, prompts: "1p" }), variant);
  const { requireFits, lacks } = folderLayouts[layout];
  requireFits(chosen.variant, graph);
  const { preset } = chosen.variant;
  const written = { ...preset, lacks: [...preset.lacks, ...lacks] };
  const fitting = promptPlan({}).filter((planned) => misfitOf(planned, written) === undefined);
  return resolvePlan({ ...shared, prompts: fitting.map(({ prompts }) => prompts).join(",") });
}

function onlyOne({ chosen }: RunPlan, asked: string): ChosenVariant {
  const [first] = chosen;
  if (first === undefined || chosen.length > 1)
    throw new HarnessError(`${asked}: one variant is written at a time`, { found: chosen.length });
  return first;
}

interface Measured {
  readonly model: WrittenModel;
  /** Holds what a worker needs to run the graphs as they are measured. */
  readonly setup: WorkerSetup;
}

async function writeFolder(request: PortableRequest, plan: RunPlan): Promise<Measured> {
  const { registry } = plan;
  const { folder, graph, layout, observer, signal, progress } = request;
  const chosen = onlyOne(plan, request.variant);
  const { variant } = chosen;
  const watcher = watcherOf(variant.preset.id, { observer, signal });
  const prepared = await prepareRun(plan, chosen, [], watcher);
  const { checkpoint, weightsId, record } = await openWeights(chosen, registry);
  try {
    const learning = { variant, checkpoint, weightsId, registry, runtime: runtimeOf(plan, chosen) };
    // The preparation of the run has stored it.
    const calibration = (await calibrationFor({ ...learning, ...watcher, progress: watcher.calibration }))?.values;
    const model = await folderLayouts[layout].write({
      variant,
      registry,
      checkpoint,
      record,
      graph,
      calibration,
      folder,
      progress: (done, total, what) => progress("files", done, total, what),
    });
    const { graphs } = prepared.setup;
    const files =
      graph === "fused" ? graphs : (await buildVariant({ variant, checkpoint, weightsId, graph, calibration })).files;
    return { model, setup: { ...prepared.setup, graphs: files } };
  } finally {
    checkpoint.close();
  }
}

/** Reads the files back by `--variant-files`, on the plan of the variant itself, and compares the masks of both. */
async function comparedMasks(
  { folder, layout, flags, observer, signal, progress }: PortableRequest,
  { prompts, images }: RunPlan,
  { model, setup }: Measured,
): Promise<MaskEquality> {
  const { seed, threads, plugin } = flags;
  const { variantFiles, firstToken } = folderLayouts[layout];
  const plan = await resolvePlan({
    seed,
    threads,
    plugin,
    variants: written,
    "variant-files": [`${written}=${variantFiles(folder, model)}`],
    dataset: drawnDataset,
    limit: images.length,
    prompts: prompts.map((each) => each.prompts).join(","),
    baseline: false,
  });
  const prepared = await prepareRun(plan, onlyOne(plan, written), [], watcherOf(written, { observer, signal }));
  return readBack({
    measured: setup,
    written: prepared.setup,
    firstToken,
    images,
    signal,
    progress: (done, total, what) => progress("images", done, total, what),
  });
}
