import { expect, test } from "vitest";
import { resolvePlan } from "../plan.ts";
import type { RunFlags } from "../runFlags.ts";

const small = { limit: 1, variants: "sam-nano", baseline: true } as const;

async function idsOf(flags: RunFlags): Promise<readonly string[]> {
  const { chosen } = await resolvePlan({ ...small, ...flags });
  return chosen.map(({ variant, weights }) => `${variant.preset.id} ${weights.source}`);
}

test("a run of box and point prompts has the floor behind the variants that are named, and once", async () => {
  expect(await idsOf({})).toEqual(["sam-nano nano", "baseline/prompt none"]);
  expect(await idsOf({ variants: "baseline/prompt,sam-nano" })).toEqual(["baseline/prompt none", "sam-nano nano"]);
});

test("a run without --baseline has none, and neither has `all`", async () => {
  expect(await idsOf({ baseline: false })).toEqual(["sam-nano nano"]);
  expect(await idsOf({ baseline: false, variants: "all" })).not.toContain("baseline/prompt none");
});

test("no floor is added where no row has an accuracy, or the prompts are no boxes and points", async () => {
  expect(await idsOf({ phase: "latency" })).toEqual(["sam-nano nano"]);
  expect(await idsOf({ weights: "seeded" })).toEqual(["sam-nano seeded"]);
  expect(await idsOf({ protocol: "anything-default" })).toEqual(["sam-nano nano"]);
});

test("a floor that is named is refused where it has nothing to measure, with the way out", async () => {
  const named = { ...small, variants: "baseline/prompt" };
  await expect(resolvePlan({ ...named, phase: "latency" })).rejects.toMatchObject({
    message: "baseline/prompt: has no latency to measure (found --phase latency)",
    hint: expect.stringContaining("leave the variant or --phase out"),
  });
  await expect(resolvePlan({ ...named, protocol: "anything-default" })).rejects.toMatchObject({
    message: expect.stringContaining("baseline/prompt: can not be measured by protocol anything-default"),
    hint: expect.stringContaining("--prompts box,1p,3p"),
  });
  await expect(resolvePlan({ ...named, checkpoint: ["baseline/prompt=mine.pth"] })).rejects.toThrow(
    "--checkpoint baseline/prompt: a floor has no weights (found mine.pth)",
  );
});
