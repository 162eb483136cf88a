import { HarnessError } from "../errors.ts";
import { drawnDataset } from "../plan/options.ts";
import { type RunPlan, resolvePlan } from "../plan/plan.ts";
import type { RunFlags } from "../plan/runFlags.ts";
import { refuseUnusedFiles } from "../plan/unusedFlags.ts";

/**
 * Returns the plan of models that a person prompts: nothing of it is run, so its image is a drawn one. Throws HarnessError where the
 * flags give another number of models than were named.
 */
export async function planOfModels(flags: RunFlags, named: number): Promise<RunPlan> {
  const models = { ...flags, data: undefined, image: undefined };
  const plan = await resolvePlan({
    ...models,
    dataset: drawnDataset,
    limit: 1,
    // Every variant takes a point, and some no box.
    prompts: "1p",
    baseline: false,
    // No figure of accuracy comes of it.
    "allow-overlap": true,
  });
  const floor = plan.chosen.find(({ variant }) => variant.preset.role === "floor");
  if (floor !== undefined)
    throw new HarnessError(`${floor.variant.preset.id}: is a floor, and looks at no photo`, {
      hint: "bench list variants shows the models",
    });
  refuseUnusedFiles(plan, models);
  if (plan.chosen.length === named) return plan;
  throw new HarnessError(`${flags.variants}: not as many models as names`, {
    found: plan.chosen.length,
    expected: named,
    hint: "name each model once, by its id or its checkpoint",
  });
}
