import { HarnessError } from "../../errors.ts";
import { formsOf, isFormOf } from "../../plan/plugins/precisions.ts";
import { type Registry, variantOf } from "../../plan/plugins/registry.ts";
import { nameOnProcessor, providerParts, rowNameParts, withCheckpointName } from "../../store/rowName.ts";
import type { SoundRun } from "../storedRuns.ts";
import { newestOf, questionOf, type RunsBeside } from "./runsBeside.ts";

/**
 * Returns the newest float run of a model and the runs of its precisions on the same weights, data and protocols. `model` is an id,
 * or a row's name with the checkpoint's own name and the provider in it. Throws HarnessError where no float run is stored, because every other
 * precision is compared with it.
 */
export function precisionRuns(runs: readonly SoundRun[], model: string, registry: Registry): RunsBeside {
  const { row, provider } = providerParts(model);
  const { variant: id = row, own } = rowNameParts(row) ?? {};
  // Throws for a model that nobody knows.
  variantOf(registry, id);
  const named = runs.filter(
    ({ facts: { variant, runtime } }) =>
      runtime.provider === provider && rowNameParts(nameOnProcessor(variant))?.own === own,
  );
  const floats = named.filter(({ facts }) => facts.variant.id === id);
  const float = newestOf(floats);
  const forms = formsOf(registry, id).map(({ variant }) => variant.preset.id);
  if (float === undefined) throw noFloat(model, forms);
  const question = questionOf(float.facts);
  const found = named.filter(
    (run) =>
      run.facts.variant.id !== id && isFormOf(registry, run.facts.variant.id, id) && questionOf(run.facts) === question,
  );
  const measured = new Set(found.map(({ facts }) => facts.variant.id));
  return {
    first: float,
    others: found,
    missing: forms
      .filter((form) => form !== id && !measured.has(form))
      .map((form) => (own === undefined ? form : withCheckpointName(form, id, row))),
  };
}

function noFloat(model: string, forms: readonly string[]): HarnessError {
  return new HarnessError(`--precisions ${model}: no finished run of it in float`, {
    expected: "one that the other precisions are compared with",
    hint: forms.length === 0 ? "bench list variants names the models" : `bench run --variants ${forms.join(",")}`,
  });
}
