import { expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { resolvePlan } from "./plan.ts";

const flags = { weights: "seeded", limit: 1 } as const;

test("nine points are refused for a named model that takes six, before anything is built, with the prompts that fit", async () => {
  const error = await resolvePlan({ ...flags, variants: "sam-vit-b,efficientsam-ti", protocol: "points-dt" }).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HarnessError);
  expect((error as HarnessError).message).toContain("efficientsam-ti: takes fewer points than prompts 9dt hold");
  expect((error as HarnessError).hint).toContain("--prompts 1dt,2dt,3dt,5dt,1dt-oracle fit");
  const plan = await resolvePlan({ ...flags, variants: "efficientsam-ti", prompts: "1dt,5dt" });
  expect(plan.chosen.map(({ variant }) => variant.preset.id)).toEqual(["efficientsam-ti"]);
});

test("among all variants those that prompts do not fit are left out with the reason, and the others are measured", async () => {
  const { chosen, leftOut } = await resolvePlan({ ...flags, variants: "all", prompts: "9dt" });
  const ids = chosen.map(({ variant }) => variant.preset.id);
  expect(ids).toContain("sam-vit-b");
  expect(ids).not.toContain("efficientsam-ti");
  expect(leftOut).toContainEqual({
    variant: "efficientsam-ti",
    reason: "takes fewer points than prompts 9dt hold (found 9, a box counting as two, expected at most 6)",
    command: "choose prompts of fewer points",
  });
});
