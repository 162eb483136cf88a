import { HarnessError } from "../errors.ts";
import { namedVariant } from "./models/checkpoints.ts";
import type { ChosenVariant } from "./models/weights.ts";
import type { RunPlan } from "./plan.ts";
import { weightsVariantOf } from "./plugins/registry.ts";
import type { RunFlags } from "./runFlags.ts";

/** Throws HarnessError for files that no variant of the plan takes: the user would read a figure of other weights as theirs. */
export function refuseUnusedFiles(plan: RunPlan, flags: RunFlags): void {
  const chosen = plan.chosen.map(({ variant }) => variant);
  const taken = new Set(plan.chosen.flatMap((each) => checkpointNamesOf(plan, each)));
  for (const pair of flags.checkpoint ?? []) {
    const name = pair.slice(0, pair.indexOf("="));
    if (!taken.has(name)) throw unused(`--checkpoint ${pair}`, name, chosen);
  }
  const own = new Set(chosen.map(({ preset }) => preset.id));
  refuseUnusedPrograms(flags, own, chosen);
  for (const each of flags["variant-files"] ?? []) {
    const at = each.indexOf("=");
    // Files after the first of a name have none.
    if (at > 0 && !own.has(each.slice(0, at))) throw unused(`--variant-files ${each}`, each.slice(0, at), chosen);
  }
}

/** Returns the names under which `--checkpoint` may give a row its file. */
export function checkpointNamesOf({ registry }: RunPlan, { variant, name }: ChosenVariant): readonly string[] {
  if (name !== undefined) return [namedVariant(registry, name).checkpoint!];
  return [variant.preset.id, weightsVariantOf(registry, variant).preset.id];
}

/** Throws HarnessError for a program that is given and not measured: `all` never starts one. */
function refuseUnusedPrograms(flags: RunFlags, own: ReadonlySet<string>, chosen: Chosen): void {
  for (const each of flags.external ?? []) {
    const name = each.slice(0, each.indexOf("="));
    if (!own.has(name)) throw unused(`--external ${name}=…`, name, chosen);
  }
}

type Chosen = readonly { readonly preset: { readonly id: string } }[];

function unused(flag: string, variant: string, chosen: Chosen) {
  return new HarnessError(`${flag}: ${variant} is not measured`, {
    found: `variants ${chosen.map(({ preset }) => preset.id).join(", ")}`,
    hint: `name it with --variants, or leave the file out`,
  });
}
