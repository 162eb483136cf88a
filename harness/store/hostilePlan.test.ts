import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exampleManifest } from "./fixtures/run.ts";
import { openRun, readRun } from "./store.ts";

test.each([
  ["a number beyond all", "1e999"],
  ["a hundred thousand lists inside one another", `${"[".repeat(1e5)}${"]".repeat(1e5)}`],
])("a plan that holds %s is refused in words", async (_, value) => {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-plan-"));
  const run = await openRun(folder, exampleManifest({ seed: 5 }));
  await run.close();
  const file = join(folder, run.id, "manifest.json");
  writeFileSync(file, readFileSync(file, "utf8").replace(/"resolved":\s*\{/, `$&"extra": ${value},`));
  await expect(readRun(folder, run.id)).rejects.toThrow(/manifest\.json: the plan is none that a run has/);
});
