import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resolvePlan } from "../plan/plan.ts";
import { dumpTokens } from "./fixtures/tokensDump.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const dump = (variants: string) => dumpTokens(variants, folder);

test("variants that always work on all tokens have nothing to show, and an image has to be named", async () => {
  await expect(dump("sam-nano")).rejects.toThrow("--dump tokens: none of these variants leaves tokens out");
  await expect(resolvePlan({ variants: "sam-nano", dump: "tokens" })).rejects.toThrow("--dump: of which image?");
});
