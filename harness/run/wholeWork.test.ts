import { expect, test } from "vitest";
import { resolvePlan } from "../plan/plan.ts";
import { WholeWorkCount } from "./wholeWork.ts";

const flags = { dataset: "shapes", limit: 5, rounds: 4, warmup: 1, baseline: true };

test("all variants of a plan count from the start, and what earlier processes did is no work of this one", async () => {
  const whole = new WholeWorkCount(await resolvePlan({ ...flags, variants: "sam-nano,mobilesam-nano" }));
  whole.begin(2);
  // Two models and the floor on five images; the models alone take turns, five each.
  expect(whole.image()).toEqual({ done: 3, total: 15, before: 2, turns: 10 });
  whole.leaveOut();
  expect(whole.image()).toEqual({ done: 4, total: 10, before: 2, turns: 10 });
});

test("a phase that is not asked for is no work", async () => {
  const plan = await resolvePlan({ ...flags, variants: "sam-nano", baseline: false, phase: "accuracy" });
  expect(new WholeWorkCount(plan).image()).toEqual({ done: 1, total: 5, before: 0, turns: 0 });
});
