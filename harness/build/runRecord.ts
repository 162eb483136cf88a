import type { AnnotationFacts, OriginalIds } from "../api.ts";
import { readEnvironment } from "../measure/environment.ts";
import { runtimeVersion, sessionSettings } from "../onnx/index.ts";
import { isWeb } from "../onnx/providers/web.ts";
import { type ChosenVariant, trainedNanoWeights } from "../plan/models/weights.ts";
import type { RunPlan } from "../plan/plan.ts";
import { runtimeOf } from "../plan/point.ts";
import { canonicalJson, planId, sha256 } from "../store/canonical.ts";
import { withoutPaths } from "../store/hidden.ts";
import { type Manifest, schemaVersion } from "../store/schema.ts";
import { webRuntimeVersion } from "../web/browser.ts";
import type { BuiltVariant } from "./build.ts";
import { readCommit } from "./commit.ts";
import type { ExternalRun } from "./externalRun.ts";
import { readInstallation } from "./installation.ts";
import type { OverlapRecord } from "./overlap.ts";
import { rowCode } from "./rowCode.ts";
import { untrainedInputNotes } from "./weights/untrainedInputs.ts";

/** Holds all that the record of a run is made of. */
export interface RunParts {
  readonly plan: RunPlan;
  readonly chosen: ChosenVariant;
  readonly asPassed: readonly string[];
  readonly built: Pick<BuiltVariant, "files" | "graphs" | "hashes" | "notes">;
  /** Counts of the graphs. For the user's own files, they count what is stored, not what is computed. */
  readonly graphs?: NonNullable<Manifest["graphs"]>;
  readonly weights: Manifest["weights"];
  readonly calibration?: Manifest["calibration"];
  readonly overlap?: OverlapRecord;
  /** Present for a floor. */
  readonly facts?: AnnotationFacts;
  /** Present where another process answers. */
  readonly external?: ExternalRun;
}

/** Returns the record that a run starts with; its id is the hash of its plan. */
export function runRecord(parts: RunParts): Manifest {
  const { plan, chosen, asPassed, built, graphs, weights, calibration, overlap, external } = parts;
  const { preset } = chosen.variant;
  const resolved = resolvedPlan(parts);
  const untrained = untrainedInputNotes(plan.prompts, trainedNanoWeights(plan.registry, chosen));
  const learned = overlap === undefined ? [] : [overlap.note];
  return {
    schema: schemaVersion,
    id: planId(preset.id, resolved),
    createdAt: new Date().toISOString(),
    status: { state: "running" },
    plan: { asPassed: withoutPaths(asPassed), resolved },
    variant: {
      id: preset.id,
      name: chosen.name,
      title: preset.title,
      paper: preset.paper,
      size: preset.size,
      notes: [...preset.notes, ...built.notes, ...untrained, ...learned],
      role: preset.role,
      setting: preset.setting,
    },
    calibration,
    overlap: overlap?.overlap,
    weights,
    protocols: resolved.protocols,
    seed: plan.seed,
    hashes: { graph: built.hashes, pipeline: sha256(canonicalJson(resolved.code)) },
    external: external?.record,
    dataset: {
      id: plan.dataset.id,
      fingerprint: plan.dataset.fingerprint,
      images: plan.images.length,
      warnings: plan.dataset.warnings,
      credits: plan.dataset.credits,
      humanAgreement: plan.dataset.humanAgreement,
      originalIds: originalIdsOf(plan),
    },
    runtime: {
      ...runtimeOf(plan, chosen),
      cpus: plan.cpus,
      onnxruntime: runtimeVersionOf(runtimeOf(plan, chosen).provider),
      graphOptimization: sessionSettings.optimisation,
      spinning: sessionSettings.spinning,
    },
    environment: readEnvironment(),
    shard: plan.shard === undefined ? undefined : { ...plan.shard, images: plan.dataset.images.length },
    harness: readInstallation(),
    commit: readCommit(),
    graphs,
    warnings: overlap?.warnings ?? [],
  };
}

/** Returns all that makes another run when it changes, so that rows of two meanings never meet. */
function resolvedPlan({ plan, chosen, built, weights, facts }: RunParts) {
  const { variant, point } = chosen;
  return {
    schema: schemaVersion,
    graphs: built.hashes,
    weights: weights.source,
    code: rowCode(plan, variant, runtimeOf(plan, chosen).provider),
    protocols: Object.fromEntries(plan.prompts.map(({ prompts, protocol }) => [prompts, protocol.id])),
    seed: plan.seed,
    runtime: runtimeOf(plan, chosen),
    cpus: plan.cpus,
    point: point?.sizes,
    onnxruntime: runtimeVersionOf(runtimeOf(plan, chosen).provider),
    latency: plan.latency,
    dataset: {
      id: plan.dataset.id,
      fingerprint: plan.dataset.fingerprint,
      images: plan.dataset.images.map(({ id }) => id),
    },
    facts,
    // What the user's encoder is handed is not in its bytes: `--input` decides it too, and `--onnx-names` which value is which.
    input: variant.files === undefined ? undefined : variant.preset.input,
    valueNames: variant.preset.valueNames,
    // Without it, a shard's plan is that of the whole run: so a merge knows what it makes, and under which id.
    shard: plan.shard,
  };
}

function runtimeVersionOf(provider: string): string {
  return isWeb(provider) ? webRuntimeVersion() : runtimeVersion;
}

/** Returns the original ids of the run's images, by which an export has the ids of the annotation file. */
function originalIdsOf({ dataset: { originalIds }, images }: RunPlan): Manifest["dataset"]["originalIds"] {
  if (originalIds === undefined) return undefined;
  const own = new Set(images);
  const recorded = (ids: OriginalIds["images"]) => ids.map(([number, digits]) => ({ number, digits }));
  return {
    images: recorded(originalIds.images).filter(({ number }) => own.has(number)),
    categories: recorded(originalIds.categories),
  };
}
