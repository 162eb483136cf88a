import { fileURLToPath } from "node:url";
import type { AnnotationFacts, GraphFiles, OriginalIds } from "../api.ts";
import { readEnvironment } from "../measure/environment.ts";
import { multipliesInt8, runtimeVersion, sessionSettings } from "../onnx/index.ts";
import type { RunPlan } from "../plan/plan.ts";
import type { RegisteredVariant } from "../plan/plugins/registry.ts";
import { givenGraphs, variantFilesOf } from "../plan/variantFiles.ts";
import { type ChosenVariant, trainedNanoWeights } from "../plan/weights.ts";
import { canonicalJson, planId, sha256 } from "../store/canonical.ts";
import { withoutPaths } from "../store/hidden.ts";
import { type Manifest, schemaVersion } from "../store/schema.ts";
import { annotationFacts } from "./annotationFacts.ts";
import { type BuiltVariant, buildVariant } from "./build.ts";
import { type CalibrationRequest, calibrationFor, calibrationRecord } from "./calibration.ts";
import { readCommit } from "./commit.ts";
import { executedGmacs, referenceGmacs } from "./gmacs.ts";
import { readInstallation } from "./installation.ts";
import { type OverlapCheck, type OverlapRecord, overlapRecord } from "./overlap.ts";
import { rowCode } from "./rowCode.ts";
import type { WorkerSetup } from "./setup.ts";
import { openWeights } from "./weights/openedWeights.ts";
import { untrainedInputNotes } from "./weights/untrainedInputs.ts";

/**
 * A prepared run is one variant of a plan with its graphs on disk: it holds what its worker needs, and the record that the run
 * starts with.
 */
export interface PreparedRun {
  readonly id: string;
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
}

/** Is told of the steps that take long. */
export interface PreparationWatcher extends Pick<CalibrationRequest, "note" | "signal"> {
  readonly calibration: CalibrationRequest["progress"];
  readonly overlap: OverlapCheck["progress"];
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
  if (variant.files !== undefined) {
    const { weights, graphs, ...built } = await givenGraphs(variant.files, variant.file);
    return describeRun({
      plan,
      chosen,
      asPassed,
      built: { ...built, graphs: {} },
      cpuGraphs: built.files,
      weights,
      graphs,
    });
  }
  if (variant.preset.role === "floor") return describeFloor(plan, chosen, asPassed);
  const { checkpoint, weightsId, record } = await openWeights(chosen, plan.registry);
  try {
    const calibration = await calibrationFor({
      variant,
      checkpoint,
      weightsId,
      registry: plan.registry,
      // The same for every provider: what it finds is kept, and not all of them compute the same.
      runtime: { ...plan.runtime, provider: "cpu" },
      progress: watching.calibration,
      note: watching.note,
      signal: watching.signal,
    });
    const values = calibration === undefined ? {} : { calibration: calibration.values };
    const { provider } = plan.runtime;
    const built = await buildVariant({ variant, checkpoint, weightsId, graph: "fused", provider, ...values });
    const onCpu =
      provider === "cpu" ? built : await buildVariant({ variant, checkpoint, weightsId, graph: "fused", ...values });
    const described = {
      plan,
      chosen,
      asPassed,
      built,
      cpuGraphs: onCpu.files,
      weights: record,
      graphs: await graphRecord(variant, built),
    };
    if (calibration === undefined) return describeRun(described);
    // Masks of seeded weights are scored on nothing.
    const scored = record.source === "seeded" ? { ...plan, phases: [] } : plan;
    const overlap = await overlapRecord({
      variant: variant.preset.id,
      calibration,
      plan: scored,
      progress: watching.overlap,
      signal: watching.signal,
    });
    return describeRun({ ...described, calibration: calibrationRecord(calibration), overlap });
  } finally {
    checkpoint.close();
  }
}

/** Describes the run of a floor. Nothing is built: its code, its prompts and the facts decide its masks. */
function describeFloor(plan: RunPlan, chosen: ChosenVariant, asPassed: readonly string[]): PreparedRun {
  const facts = annotationFacts(plan);
  const built = { files: {}, graphs: {}, hashes: {}, notes: factNotes(facts) };
  const weights = { source: "none", label: `${chosen.variant.preset.title}, no model` } as const;
  return describeRun({ plan, chosen, asPassed, built, cpuGraphs: {}, weights, facts });
}

function factNotes({ meanMaskShare }: AnnotationFacts): readonly string[] {
  if (meanMaskShare === undefined) return [];
  const percent = (100 * meanMaskShare).toPrecision(3);
  return [`its disc covers ${percent} % of the photo's area, as the annotated masks of these images do in the mean`];
}

interface Parts {
  readonly plan: RunPlan;
  readonly chosen: ChosenVariant;
  readonly asPassed: readonly string[];
  readonly built: Pick<BuiltVariant, "files" | "graphs" | "hashes" | "notes">;
  readonly cpuGraphs: GraphFiles;
  /** Counts of the graphs. For the user's own files, they count what is stored, not what is computed. */
  readonly graphs?: NonNullable<Manifest["graphs"]>;
  readonly weights: Manifest["weights"];
  readonly calibration?: Manifest["calibration"];
  readonly overlap?: OverlapRecord;
  /** Present for a floor. */
  readonly facts?: AnnotationFacts;
}

function describeRun(parts: Parts): PreparedRun {
  const { plan, chosen, asPassed, built, cpuGraphs, graphs, weights, calibration, overlap, facts } = parts;
  const { preset } = chosen.variant;
  const prompts = plan.prompts.map((each) => ({ prompts: each.prompts, protocol: each.protocol.id }));
  const protocols = Object.fromEntries(prompts.map((each) => [each.prompts, each.protocol]));
  const code = rowCode(plan, chosen.variant.file);
  const images = plan.dataset.images.map(({ id }) => id);
  // Whatever is in here makes another run when it changes, so that rows of two meanings never meet.
  const resolved = {
    schema: schemaVersion,
    graphs: built.hashes,
    weights: weights.source,
    code,
    protocols,
    seed: plan.seed,
    runtime: plan.runtime,
    onnxruntime: runtimeVersion,
    latency: plan.latency,
    dataset: { id: plan.dataset.id, fingerprint: plan.dataset.fingerprint, images },
    facts,
    // What the user's encoder is handed is not in its bytes: `--input` decides it too.
    input: chosen.variant.files === undefined ? undefined : preset.input,
    // Without it, a shard's plan is that of the whole run: so a merge knows what it makes, and under which id.
    shard: plan.shard,
  };
  const id = planId(preset.id, resolved);
  const untrained = untrainedInputNotes(plan.prompts, trainedNanoWeights(plan.registry, chosen));
  const manifest: Manifest = {
    schema: schemaVersion,
    id,
    createdAt: new Date().toISOString(),
    status: { state: "running" },
    plan: { asPassed: withoutPaths(asPassed), resolved },
    variant: {
      id: preset.id,
      title: preset.title,
      paper: preset.paper,
      size: preset.size,
      notes: [...preset.notes, ...built.notes, ...untrained, ...(overlap === undefined ? [] : [overlap.note])],
      role: preset.role,
      setting: preset.setting,
    },
    calibration,
    overlap: overlap?.overlap,
    weights,
    protocols,
    seed: plan.seed,
    hashes: { graph: built.hashes, pipeline: sha256(canonicalJson(code)) },
    dataset: {
      id: plan.dataset.id,
      fingerprint: plan.dataset.fingerprint,
      images: plan.images.length,
      warnings: plan.dataset.warnings,
      credits: plan.dataset.credits?.slice(),
      ...humanAgreementOf(plan),
      ...originalIdsOf(plan),
    },
    runtime: {
      ...plan.runtime,
      onnxruntime: runtimeVersion,
      graphOptimization: sessionSettings.optimisation,
      spinning: sessionSettings.spinning,
    },
    environment: readEnvironment(),
    shard: plan.shard === undefined ? undefined : { ...plan.shard, images: images.length },
    harness: readInstallation(),
    ...commitRecord(),
    graphs,
    warnings: overlap?.warnings ?? [],
  };
  const setup: WorkerSetup = {
    variant: preset.id,
    plugin: chosen.variant.file,
    variantFiles: chosen.variant.files === undefined ? [] : variantFilesOf(preset.id, plan.variantFiles),
    encoderInput: plan.encoderInput,
    graphs: built.files,
    runtime: plan.runtime,
    prompts,
    seed: plan.seed,
    dataset: plan.dataset.id,
    datasetPlugin: plan.registry.datasetFiles.get(plan.dataset.id)!,
    protocolPlugins: protocolPluginsOf(plan),
    datasetOptions: plan.datasetOptions,
    boxes: plan.boxes,
    facts,
  };
  const encoder = built.graphs.encoder;
  return {
    id,
    setup,
    cpuGraphs,
    manifest,
    measuresAccuracy: weights.source !== "seeded",
    measuresLatency: preset.role !== "floor",
    multipliesInt8: encoder !== undefined && multipliesInt8(encoder),
  };
}

function protocolPluginsOf({ registry, prompts }: RunPlan): readonly string[] {
  const asked = new Set(prompts.map(({ protocol }) => protocol));
  return registry.protocols.filter((each) => asked.has(each)).map(({ module }) => fileURLToPath(module));
}

function humanAgreementOf({ dataset: { humanAgreement } }: RunPlan): Pick<Manifest["dataset"], "humanAgreement"> {
  return humanAgreement === undefined ? {} : { humanAgreement };
}

function commitRecord(): Pick<Manifest, "commit"> {
  const commit = readCommit();
  return commit === undefined ? {} : { commit };
}

async function graphRecord(variant: RegisteredVariant, built: BuiltVariant): Promise<NonNullable<Manifest["graphs"]>> {
  const graphs = Object.values(built.graphs);
  const reference = await referenceGmacs(variant);
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

/** Returns the original ids of the run's images, by which an export has the ids of the annotation file. */
function originalIdsOf({ dataset, images }: RunPlan): Pick<Manifest["dataset"], "originalIds"> {
  if (dataset.originalIds === undefined) return {};
  const own = new Set(images);
  const recorded = (ids: OriginalIds["images"]) => ids.map(([number, digits]) => ({ number, digits }));
  const originals = recorded(dataset.originalIds.images).filter(({ number }) => own.has(number));
  return { originalIds: { images: originals, categories: recorded(dataset.originalIds.categories) } };
}
