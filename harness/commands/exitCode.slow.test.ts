import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { failingRun } from "./fixtures/failingRun.ts";

/** The exit code of `bench run` is what a script goes by: 1 where a variant has no figure because all of its images failed. */

const folder = mkdtempSync(join(tmpdir(), "exit-code-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a run of which one image failed exits with 0, and its JSON says how many failed", async () => {
  const { code, images, box, warnings } = await failingRun(folder, { id: "shaky", failing: 1 });
  expect(code).toBe(0);
  expect(images).toEqual({ finished: 1, failed: 1, planned: 2 });
  expect(box).toHaveProperty("miou");
  expect(warnings.join()).toContain("1 of 2 images failed and are in no figure");
}, 300_000);
