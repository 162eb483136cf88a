import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { failingRun } from "./fixtures/failingRun.ts";

/** The exit code of `bench run` is what a script goes by: 3 where a variant has no figure because all of its images failed. */

const folder = mkdtempSync(join(tmpdir(), "exit-code-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a run whose images all failed has no figure, says why, and exits with 3", async () => {
  const { code, images, box, warnings } = await failingRun(folder, { id: "broken", failing: 2 });
  expect(code).toBe(3);
  expect(images).toEqual({ finished: 0, failed: 2, planned: 2 });
  expect(box).not.toHaveProperty("miou");
  expect(warnings.join()).toMatch(
    /2 of 2 images failed and are in no figure \(image 1: broken: encode failed .*no such layer/,
  );
}, 300_000);
