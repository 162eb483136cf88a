import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { resolvePlan } from "../plan/plan.ts";
import { needsOf } from "./needs.ts";

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
