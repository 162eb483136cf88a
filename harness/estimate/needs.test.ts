import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { resolvePlan } from "../plan/plan.ts";
import { needsOf } from "./needs.ts";
import { measureSpeeds } from "./speeds.ts";

const results = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
afterAll(() => rmSync(results, { recursive: true }));

test("weights of 16 bits take half the disk, and as much memory as float32 weights once they are loaded", async () => {
  const options = {
    variants: "sam-vit-b,half/sam-vit-b,bf16/sam-vit-b",
    weights: "seeded",
    limit: 1,
    results,
  } as const;
  const { variants } = await needsOf(await resolvePlan(options), new Map([["cpu", 100]]));
  const [float, half, bf16] = variants;
  expect([half!.memoryBytes, bf16!.memoryBytes]).toEqual([float!.memoryBytes, float!.memoryBytes]);
  expect(half!.diskBytes / float!.diskBytes).toBeCloseTo(0.5, 2);
  expect(bf16!.diskBytes).toBe(half!.diskBytes);
});

test("rows of a page's GPU have no time before they run, and the plan says so", async () => {
  const options = { variants: "sam-nano", provider: "cpu,web-webgpu", limit: 1, results };
  const plan = await resolvePlan(options);
  const speeds = await measureSpeeds(plan);
  expect([...speeds.keys()]).toEqual(["cpu"]);
  const { variants, untold } = await needsOf(plan, speeds);
  expect(variants.map(({ variant }) => variant)).toEqual(["sam-nano"]);
  expect(untold).toEqual(["web-webgpu"]);
  const alone = await resolvePlan({ ...options, provider: "web-webgpu" });
  await expect(measureSpeeds(alone)).rejects.toThrow("its speed is not known before it runs");
});
