import type { VariantManifest } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { misfitOf, type PlannedPrompts } from "../../protocols/index.ts";
import { type Registry, variantOf } from "../plugins/registry.ts";
import type { Chosen } from "./weights.ts";

interface FloorContext {
  readonly registry: Registry;
  readonly prompts: readonly PlannedPrompts[];
  readonly phases: readonly string[];
}

/**
 * Adds every floor that the prompts fit, behind the variants that are to be measured. A floor has accuracy alone, so none is
 * added where no other row has accuracy: without that phase, or with seeded weights everywhere.
 */
export function withFloors({ chosen, leftOut }: Chosen, { registry, prompts, phases }: FloorContext): Chosen {
  const scored = phases.includes("accuracy") && chosen.some(({ weights }) => weights.source !== "seeded");
  if (!scored) return { chosen, leftOut };
  const named = new Set(chosen.map(({ variant }) => variant.preset.id));
  const floors = [...registry.variants.values()]
    .filter(({ preset }) => preset.role === "floor" && !named.has(preset.id))
    .filter(({ preset }) => prompts.every((each) => misfitOf(each, preset) === undefined))
    .map(({ preset }) => ({ variant: variantOf(registry, preset.id), weights: { source: "none" } as const }));
  return { chosen: [...chosen, ...floors], leftOut };
}

/** Throws HarnessError for a floor where only latency is to be measured. */
export function requireMeasurable({ id, role }: VariantManifest, phases: readonly string[]): void {
  if (role !== "floor" || phases.includes("accuracy")) return;
  throw new HarnessError(`${id}: has no latency to measure`, {
    found: `--phase ${phases.join()}`,
    hint: "leave the variant or --phase out: a floor looks at no photo, and its accuracy alone says something",
  });
}
