import { expect, test } from "vitest";
import { resolvePlan } from "../plan/plan.ts";
import { planId } from "../store/canonical.ts";
import { prepareRun } from "./preparedRun.ts";

/** Parts of a plan that are hashes of code and data: they are held fixed, so that only the plan's own fields decide the id. */
const fixed = {
  graphs: { encoder: "e", decoder: "d" },
  code: { pipeline: "p", protocols: {}, variant: "v", dataset: "s", boxes: undefined },
  onnxruntime: "1.30.0",
};
const watching = {
  calibration: () => undefined,
  overlap: () => undefined,
  note: () => undefined,
  signal: new AbortController().signal,
};

async function idOf(flags: object): Promise<string> {
  const plan = await resolvePlan({ dataset: "photos", limit: 3, seed: 7, threads: 2, ...flags });
  const { manifest } = await prepareRun(plan, plan.chosen[0]!, ["run"], watching);
  const { dataset, ...resolved } = manifest.plan.resolved as { readonly dataset: object };
  const held = { ...resolved, ...fixed, dataset: { ...dataset, fingerprint: "f" } };
  // What is stored has no undefined field, and the same id.
  const stored: unknown = JSON.parse(JSON.stringify(held));
  expect(planId(manifest.variant.id, stored)).toBe(planId(manifest.variant.id, held));
  return planId(manifest.variant.id, held);
}

// The ids are those of a version that left fields out where it had no value for them.
test.each([
  ["a model", { variants: "sam-nano", weights: "nano", prompts: "box" }, "sam-nano-d29caed7fa85"],
  [
    "a floor that is told of no annotations",
    { variants: "baseline/prompt", prompts: "box", phase: "accuracy" },
    "baseline-prompt-fefaeb306b8e",
  ],
  [
    "a floor that is told of them, on a shard",
    { variants: "baseline/prompt", prompts: "box,1p", shard: "2/3" },
    "baseline-prompt-52c796f0d6de",
  ],
])("the id of %s follows from the fields of its plan that have a value", async (_, flags, golden) => {
  expect(await idOf(flags)).toBe(golden);
});
