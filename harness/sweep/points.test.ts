import { beforeAll, expect, test } from "vitest";
import { type RunPlan, resolvePlan } from "../plan/plan.ts";
import { precisionsOf } from "../plan/plugins/precisions.ts";
import { parseAxes } from "./axes.ts";
import { pointsOf, sweepPlan, variantsOf } from "./points.ts";

let plan: RunPlan;
beforeAll(async () => {
  plan = await planOf("sam-nano");
});

function planOf(variants: string): Promise<RunPlan> {
  return resolvePlan({ variants, dataset: "shapes", limit: 2, threads: 1, prompts: "box", baseline: false });
}

const axesOf = (...over: readonly string[]) => parseAxes(over, precisionsOf(plan.registry));
const sweptOver = (...over: readonly string[]) => sweepPlan(plan, axesOf(...over));

test("points of one value of the first axis follow each other", () => {
  const points = pointsOf(axesOf("batch=1,4", "threads=1,2"));
  expect(points.map(({ label }) => label)).toEqual([
    "batch 1, 1 thread",
    "batch 1, 2 threads",
    "batch 4, 1 thread",
    "batch 4, 2 threads",
  ]);
  expect(points[3]!.values).toEqual({ batch: 4, threads: 2 });
});

test("a batch of one and the side that the model was trained for are what every run has", () => {
  const [one, four] = sweptOver("batch=1,4").chosen;
  expect([one!.point!.sizes.batch, four!.point!.sizes.batch]).toEqual([undefined, 4]);
  const [own, other] = sweptOver("side=256,384").chosen;
  expect([own!.point!.sizes.side, other!.point!.sizes.side]).toEqual([undefined, 384]);
  expect(own!.variant).toBe(plan.chosen[0]!.variant);
  expect(other!.variant.preset.input.side).toBe(384);
  expect(other!.variant.preset.notes.at(-1)).toContain("was trained for 256 px");
});

test("accuracy is measured where an axis changes masks, once for all points that give the same", () => {
  expect(sweptOver("batch=1,4").phases).toEqual(["latency"]);
  const both = sweptOver("side=128,256", "threads=1,2");
  expect(both.phases).toEqual(["accuracy", "latency"]);
  expect(both.chosen.map(({ point }) => point!.accuracy)).toEqual(["here", "elsewhere", "here", "elsewhere"]);
});

test("threads and providers are the point's own, and the plan's where they are no axis", () => {
  const runtimes = sweptOver("provider=cpu,webgpu").chosen.map(({ point }) => point!.runtime);
  expect(runtimes).toEqual([
    { provider: "cpu", threads: 1 },
    { provider: "webgpu", threads: 1 },
  ]);
  expect(sweptOver("threads=2,1").chosen.map(({ point }) => point!.runtime.threads)).toEqual([2, 1]);
});

test("int8 is the same model as sam-fast has it", async () => {
  const axes = axesOf("precision=float,int8", "batch=1,2");
  const ids = variantsOf("sam-nano", axes, precisionsOf(plan.registry));
  expect(ids).toEqual(["sam-nano", "sam-fast/sam-nano"]);
  const swept = sweepPlan(await planOf(ids.join(",")), axes);
  expect(swept.chosen.map(({ variant }) => variant.preset.id)).toEqual([ids[0], ids[0], ids[1], ids[1]]);
});

test("a side is refused for a variant that learns from images of its own side", async () => {
  const learning = await planOf("ptq4sam/sam-nano/w8a8");
  expect(() => sweepPlan(learning, axesOf("side=128,256"))).toThrow(
    "ptq4sam/sam-nano/w8a8: can not be swept over side (found it learns from images of 256 px",
  );
});
