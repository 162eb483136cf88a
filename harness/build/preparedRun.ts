import { fileURLToPath } from "node:url";
import type { AnnotationFacts, Checkpoint, GraphFiles } from "../api.ts";
import type { HarnessError } from "../errors.ts";
import { type Timing, untimed } from "../measure/timing.ts";
import { multipliesInt8 } from "../onnx/index.ts";
import { engineOf, graphProvider, webThreads } from "../onnx/providers/web.ts";
import { givenGraphs, variantFilesOf } from "../plan/models/variantFiles.ts";
import { type ChosenVariant, nameOfChosen } from "../plan/models/weights.ts";
import type { RunPlan } from "../plan/plan.ts";
import { decoderRulesOf } from "../plan/plugins/decoderRules.ts";
import { runtimeOf } from "../plan/point.ts";
import type { Manifest } from "../store/schema.ts";
import { annotationFacts } from "./annotationFacts.ts";
import { type BuildRequest, type BuiltVariant, buildVariant } from "./build.ts";
import { type CalibrationRequest, calibrationFor, calibrationRecord } from "./calibration.ts";
import { describeUnanswered, prepareExternal } from "./externalRun.ts";
import { executedGmacs, referenceGmacs } from "./gmacs.ts";
import { type OverlapCheck, overlapRecord } from "./overlap.ts";
import { type RunParts, runRecord } from "./runRecord.ts";
import type { PageSetup, WorkerSetup } from "./setup.ts";
import { openWeights } from "./weights/openedWeights.ts";

/**
 * A prepared run is one variant of a plan with its graphs on disk: it holds what its worker needs, and the record that the run
 * starts with.
 */
export interface PreparedRun {
  readonly id: string;
  /** What the row is called in what is told while it is measured. */
  readonly row: string;
  readonly setup: WorkerSetup;
  /** Graphs that the processor would run: those of the setup, unless the provider has graphs of its own. */
  readonly cpuGraphs: GraphFiles;
  readonly manifest: Manifest;
  /** False for seeded weights: their masks would mean nothing, so they have latency and memory alone. */
  readonly measuresAccuracy: boolean;
  /** False for a floor: it has no graph that could take time or memory. */
  readonly measuresLatency: boolean;
  /** True if the encoder multiplies 8-bit integers; false for a user's own files, of which nothing is known. */
  readonly multipliesInt8: boolean;
  /** The largest error of the image embedding against the float model that the method allows itself, where it multiplies integers. */
  readonly int8Error?: number | undefined;
  /** The reason why nothing can be measured, if the program that answers for the variant has not said what it is. */
  readonly unanswered?: HarnessError | undefined;
}

/** Is told of the steps that take long. */
export interface PreparationWatcher extends Pick<CalibrationRequest, "note" | "signal" | "beforeWork"> {
  readonly calibration: CalibrationRequest["progress"];
  readonly overlap: OverlapCheck["progress"];
  /** Is told how many bytes of graphs are built; nobody is if left out. */
  readonly graphs?: BuildRequest["progress"];
  /** Is told where the time goes; nobody is if left out. */
  readonly timing?: Timing | undefined;
}

/**
 * Builds the variant's graphs if they are not there, and returns the run's record. Throws HarnessError where the weights do not
 * fit.
 */
export async function prepareRun(
  plan: RunPlan,
  chosen: ChosenVariant,
  asPassed: readonly string[],
  watching: PreparationWatcher,
): Promise<PreparedRun> {
  const { variant } = chosen;
  const { timing = untimed } = watching;
  const recorded = (parts: RunParts, cpuGraphs: GraphFiles) =>
    timing.timed("record", () => describeRun(parts, cpuGraphs));
  if (variant.files !== undefined) {
    const { weights, graphs, ...built } = await timing.timed("graphs", () => givenGraphs(variant.files!, variant.file));
    return recorded({ plan, chosen, asPassed, built: { ...built, graphs: {} }, weights, graphs }, built.files);
  }
  if (chosen.external !== undefined) {
    const external = await prepareExternal(plan, chosen, chosen.external);
    const built = { files: {}, graphs: {}, hashes: external.hashes, notes: [] };
    return recorded({ plan, chosen, asPassed, built, weights: external.weights, external }, {});
  }
  if (chosen.unanswered !== undefined) {
    const { weights, hashes } = await describeUnanswered(plan, chosen, chosen.unanswered);
    return recorded({ plan, chosen, asPassed, built: { files: {}, graphs: {}, hashes, notes: [] }, weights }, {});
  }
  if (variant.preset.role === "floor") return timing.timed("record", () => describeFloor(plan, chosen, asPassed));
  const { checkpoint, weightsId, record } = await timing.timed("weights", () => openWeights(chosen, plan.registry));
  try {
    const learning = { variant, checkpoint, weightsId, plan };
    const calibration =
      variant.preset.calibration === undefined
        ? undefined
        : await timing.timed("calibration", () => calibrationFor(calibrationRequest(learning, watching)));
    const request: BuildRequest = {
      variant,
      checkpoint,
      weightsId,
      graph: "fused",
      side: chosen.point?.sizes.side,
      batch: chosen.point?.sizes.batch,
      calibration: calibration?.values,
      beforeWork: watching.beforeWork,
      progress: watching.graphs,
    };
    const provider = graphProvider(runtimeOf(plan, chosen).provider);
    const built = await timing.timed("graphs", () => buildVariant({ ...request, provider }));
    const onCpu = provider === "cpu" ? built : await timing.timed("graphs", () => buildVariant(request));
    const parts: RunParts = {
      plan,
      chosen,
      asPassed,
      built,
      weights: record,
      graphs: await timing.timed("graphs", () => graphRecord(chosen, built, checkpoint)),
    };
    if (calibration === undefined) return await recorded(parts, onCpu.files);
    // Masks of seeded weights are scored on nothing.
    const scored = record.source === "seeded" ? { ...plan, phases: [] } : plan;
    const check: OverlapCheck = {
      variant: variant.preset.id,
      calibration,
      plan: scored,
      progress: watching.overlap,
      signal: watching.signal,
    };
    const overlap = await timing.timed("overlap", () => overlapRecord(check));
    return await recorded({ ...parts, calibration: calibrationRecord(calibration), overlap }, onCpu.files);
  } finally {
    checkpoint.close();
  }
}

interface Learning extends Pick<CalibrationRequest, "variant" | "checkpoint" | "weightsId"> {
  readonly plan: RunPlan;
}

function calibrationRequest(
  { plan, variant, checkpoint, weightsId }: Learning,
  watching: PreparationWatcher,
): CalibrationRequest {
  return {
    variant,
    checkpoint,
    weightsId,
    registry: plan.registry,
    // The same for every provider: what it finds is kept, and not all of them compute the same.
    runtime: { ...plan.runtime, provider: "cpu" },
    progress: watching.calibration,
    note: watching.note,
    beforeWork: watching.beforeWork,
    signal: watching.signal,
  };
}

/** Describes the run of a floor. Nothing is built: its code, its prompts and the facts decide its masks. */
function describeFloor(plan: RunPlan, chosen: ChosenVariant, asPassed: readonly string[]): PreparedRun {
  const facts = annotationFacts(plan);
  const built = { files: {}, graphs: {}, hashes: {}, notes: factNotes(facts) };
  const weights = { source: "none", label: `${chosen.variant.preset.title}, no model` } as const;
  return describeRun({ plan, chosen, asPassed, built, weights, facts }, {});
}

function factNotes({ meanMaskShare }: AnnotationFacts): readonly string[] {
  if (meanMaskShare === undefined) return [];
  const percent = (100 * meanMaskShare).toPrecision(3);
  return [`its disc covers ${percent} % of the photo's area, as the annotated masks of these images do in the mean`];
}

function describeRun(parts: RunParts, cpuGraphs: GraphFiles): PreparedRun {
  const { plan, chosen, built, weights } = parts;
  const manifest = runRecord(parts);
  const encoder = built.graphs.encoder;
  const ofIntegers = encoder !== undefined && multipliesInt8(encoder);
  const { plugin, preset } = chosen.variant;
  return {
    id: manifest.id,
    row: nameOfChosen(chosen),
    setup: workerSetup(parts),
    cpuGraphs,
    manifest,
    measuresAccuracy: weights.source !== "seeded" && !isUnlabelled(plan) && chosen.point?.accuracy !== "elsewhere",
    measuresLatency: chosen.variant.preset.role !== "floor",
    multipliesInt8: ofIntegers,
    int8Error: ofIntegers ? plugin.embeddingBound?.(preset) : undefined,
    unanswered: chosen.unanswered?.reason,
  };
}

function isUnlabelled({ registry, dataset }: RunPlan): boolean {
  return registry.datasets.get(dataset.id)?.unlabelled === true;
}

function workerSetup({ plan, chosen, built, facts, external }: RunParts): WorkerSetup {
  const { variant, point } = chosen;
  const { id } = variant.preset;
  return {
    variant: id,
    plugins: variant.base === undefined ? [variant.file] : [variant.file, variant.base.file],
    variantFiles: variant.files === undefined ? [] : variantFilesOf(id, plan.variantFiles),
    fileHints: { input: plan.fileHints.input, names: variant.preset.valueNames },
    graphs: built.files,
    runtime: runtimeOf(plan, chosen),
    cpus: plan.cpus,
    sizes: point?.sizes,
    prompts: plan.prompts.map((each) => ({ prompts: each.prompts, protocol: each.protocol.id })),
    seed: plan.seed,
    dataset: plan.dataset.id,
    datasetPlugin: plan.registry.datasetFiles.get(plan.dataset.id)!,
    protocolPlugins: protocolPluginsOf(plan),
    datasetOptions: plan.datasetOptions,
    boxes: plan.boxes,
    facts,
    external: external?.setup,
    page: pageSetup(plan, chosen),
  };
}

/** Returns what a page loads, for a row that one computes. */
function pageSetup(plan: RunPlan, chosen: ChosenVariant): PageSetup | undefined {
  const { provider } = runtimeOf(plan, chosen);
  const threads = webThreads(provider);
  const rules = threads === undefined ? undefined : decoderRulesOf(chosen.variant);
  if (threads === undefined || rules === undefined) return undefined;
  return { preset: chosen.variant.preset, rules, engine: engineOf(provider), threads };
}

function protocolPluginsOf({ registry, prompts }: RunPlan): readonly string[] {
  const asked = new Set(prompts.map(({ protocol }) => protocol));
  return registry.protocols.filter((each) => asked.has(each)).map(({ module }) => fileURLToPath(module));
}

async function graphRecord(
  { variant, point }: ChosenVariant,
  built: BuiltVariant,
  checkpoint: Checkpoint,
): Promise<NonNullable<Manifest["graphs"]>> {
  const graphs = Object.values(built.graphs);
  // A published architecture has one side.
  const reference = point?.sizes.side === undefined ? await referenceGmacs(variant, checkpoint) : undefined;
  return {
    parameters: built.parameters,
    constants: graphs.reduce((sum, { counts }) => sum + counts.constants, 0),
    constantBytes: graphs.reduce((sum, { counts }) => sum + counts.constantBytes, 0),
    referenceGmacs: reference,
    executedGmacs: executedGmacs(graphs),
    fileBytes: built.fileBytes,
    theory: built.theory,
  };
}
