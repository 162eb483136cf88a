import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resolvePlan } from "../plan/plan.ts";
import { observedRun } from "./fixtures/observedRun.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function dump(variants: string) {
  const flags = {
    variants,
    dataset: "shapes",
    image: [3],
    prompts: "box",
    phase: "accuracy",
    dump: "tokens",
  } as const;
  const plan = await resolvePlan(flags);
  const notes: string[] = [];
  await observedRun(flags, { results: folder, notes });
  return { plan, notes };
}

test("variants that always work on all tokens have nothing to show, and an image has to be named", async () => {
  await expect(dump("sam-nano")).rejects.toThrow("--dump tokens: none of these variants leaves tokens out");
  await expect(resolvePlan({ variants: "sam-nano", dump: "tokens" })).rejects.toThrow("--dump: of which image?");
});
