import { HarnessError } from "../../errors.ts";
import { formsOf, isFormOf } from "../../plan/plugins/precisions.ts";
import { type Registry, variantOf } from "../../plan/plugins/registry.ts";
import { canonicalJson } from "../../store/canonical.ts";
import { nameOnProcessor, providerParts, rowNameParts, withCheckpointName } from "../../store/rowName.ts";
import type { RunFacts } from "../../store/runFacts.ts";
import type { SoundRun } from "../storedRuns.ts";

/** Runs of one checkpoint on the same data: the float one, and those of its other precisions. */
export interface PrecisionRuns {
  readonly float: SoundRun;
  readonly others: readonly SoundRun[];
  /** Ids of the precisions without a run, as `bench run --variants` takes them. */
  readonly missing: readonly string[];
}

/**
 * Returns the newest float run of a model and the runs of its precisions on the same weights, data and protocols. `model` is an id,
 * or a row's name with the checkpoint's own name and the provider in it. Throws HarnessError where no float run is stored, because every other
 * precision is compared with it.
 */
export function precisionRuns(runs: readonly SoundRun[], model: string, registry: Registry): PrecisionRuns {
  const { row, provider } = providerParts(model);
  const { variant: id = row, own } = rowNameParts(row) ?? {};
  // Throws for a model that nobody knows.
  variantOf(registry, id);
  const named = runs.filter(
    ({ facts: { variant, runtime } }) =>
      runtime.provider === provider && rowNameParts(nameOnProcessor(variant))?.own === own,
  );
  const floats = named.filter(({ facts }) => facts.variant.id === id);
  const float = floats.toSorted((a, b) => (a.facts.createdAt < b.facts.createdAt ? 1 : -1))[0];
  const forms = formsOf(registry, id).map(({ variant }) => variant.preset.id);
  if (float === undefined) throw noFloat(model, forms);
  const question = questionOf(float.facts);
  const found = named.filter(
    (run) =>
      run.facts.variant.id !== id && isFormOf(registry, run.facts.variant.id, id) && questionOf(run.facts) === question,
  );
  const measured = new Set(found.map(({ facts }) => facts.variant.id));
  return {
    float,
    others: found,
    missing: forms
      .filter((form) => form !== id && !measured.has(form))
      .map((form) => (own === undefined ? form : withCheckpointName(form, id, row))),
  };
}

/** Returns what two runs must have in common besides the precision; a published checkpoint is one by its hash. */
function questionOf({ weights: { source, sha256 }, dataset, protocols }: RunFacts): string {
  return canonicalJson({ source, sha256, data: dataset.fingerprint, protocols });
}

function noFloat(model: string, forms: readonly string[]): HarnessError {
  return new HarnessError(`--precisions ${model}: no finished run of it in float`, {
    expected: "one that the other precisions are compared with",
    hint: forms.length === 0 ? "bench list variants names the models" : `bench run --variants ${forms.join(",")}`,
  });
}
