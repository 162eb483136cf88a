import type { GraphFiles } from "../api.ts";
import {
  type ChosenExternal,
  externalFiles,
  shownCommand,
  type UnansweredExternal,
} from "../plan/external/externalCommand.ts";
import type { ChosenVariant } from "../plan/models/weights.ts";
import type { RunPlan } from "../plan/plan.ts";
import { weightsVariantOf } from "../plan/plugins/registry.ts";
import { canonicalJson, sha256 } from "../store/canonical.ts";
import type { Manifest } from "../store/schema.ts";
import { buildVariant } from "./build.ts";
import type { ExternalSetup } from "./setup.ts";
import { openWeights } from "./weights/openedWeights.ts";
import { seededFileOf } from "./weights/seededFile.ts";

/** Holds what a run of an external program needs and records. */
export interface ExternalRun {
  readonly setup: ExternalSetup;
  readonly record: NonNullable<Manifest["external"]>;
  readonly weights: Manifest["weights"];
  /**
   * There is a hash for each graph, where the program takes graphs, and one of the program: command, bytes, versions, settings
   * and weights.
   */
  readonly hashes: Readonly<Record<string, string>>;
}

/** Builds the base's published graph where the program takes graphs. Throws HarnessError where the weights do not fit the base. */
export async function prepareExternal(
  plan: RunPlan,
  chosen: ChosenVariant,
  external: ChosenExternal,
): Promise<ExternalRun> {
  const { process, hello, description, command } = external;
  const loaded = await loadedBy(plan, chosen, external);
  const files = await externalFiles(external);
  const shown = shownCommand(external);
  const { name, versions, supports } = description;
  const identity = { command: shown, files, description, hello, takes: process.takes, weights: loaded.weightsId };
  return {
    setup: {
      command,
      hello,
      description,
      preset: chosen.variant.preset,
      load: { weights: loaded.file, graphs: loaded.graphs, threads: plan.runtime.threads },
    },
    record: { command: shown, name, versions, files: [...files], tokens: supports.tokens },
    weights: loaded.record,
    hashes: { ...loaded.hashes, program: sha256(canonicalJson(identity)) },
  };
}

/** Describes a run whose program has not said what it is: nothing of it can be measured, so no graph is built. */
export async function describeUnanswered(
  plan: RunPlan,
  chosen: ChosenVariant,
  unanswered: UnansweredExternal,
): Promise<Pick<ExternalRun, "weights" | "hashes">> {
  const { process, hello } = unanswered;
  const weights = process.takes === "nothing" ? ownWeights(hello.variant) : await weightsRecord(plan, chosen);
  const command = shownCommand(unanswered);
  const identity = { command, files: await externalFiles(unanswered), hello, takes: process.takes, weights };
  return { weights, hashes: { program: sha256(canonicalJson(identity)) } };
}

async function weightsRecord({ registry }: RunPlan, chosen: ChosenVariant): Promise<Manifest["weights"]> {
  const { checkpoint, record } = await openWeights(chosen, registry);
  checkpoint.close();
  return record;
}

function ownWeights(label: string): Manifest["weights"] {
  return { source: "external", label };
}

/** Returns the path of the weights; seeded ones get a file of their own. */
async function fileOf({ registry }: RunPlan, { variant, weights }: ChosenVariant): Promise<string> {
  return weights.file ?? (await seededFileOf(weightsVariantOf(registry, variant)));
}

interface Loaded {
  readonly file: string | null;
  readonly graphs: GraphFiles | null;
  readonly record: Manifest["weights"];
  readonly weightsId: string;
  readonly hashes: Readonly<Record<string, string>>;
}

async function loadedBy(plan: RunPlan, chosen: ChosenVariant, external: ChosenExternal): Promise<Loaded> {
  if (external.process.takes === "nothing") {
    const record = ownWeights(external.description.name);
    return { file: null, graphs: null, record, weightsId: "the program's own", hashes: {} };
  }
  const { checkpoint, weightsId, record } = await openWeights(chosen, plan.registry);
  try {
    if (external.process.takes === "weights")
      return { file: await fileOf(plan, chosen), graphs: null, record, weightsId, hashes: {} };
    const base = weightsVariantOf(plan.registry, chosen.variant);
    const built = await buildVariant({ variant: base, checkpoint, weightsId, graph: "reference" });
    return { file: null, graphs: built.files, record, weightsId, hashes: built.hashes };
  } finally {
    checkpoint.close();
  }
}
