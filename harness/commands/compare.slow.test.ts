import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listRuns } from "../store/manifest.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { compareIn } from "./fixtures/comparing.ts";
import { run } from "./run.ts";

let results: string;
beforeEach(() => {
  results = mkdtempSync(join(tmpdir(), "compare-"));
});
afterEach(() => rmSync(results, { recursive: true, force: true }));

const comparing = (a: string, b: readonly string[], args: Readonly<Record<string, unknown>> = {}) =>
  compareIn(results, a, b, args);

test("a checkpoint file is run on the plan of the run it is compared with, and latency is measured by turns", async () => {
  const quick = { variants: "sam-nano", results, limit: 2, rounds: 1, warmup: 0, threads: 1, seed: 3, prompts: "box" };
  expect(await run.run({ ...quick, weights: "auto" }, memoryConsole())).toBe(0);
  const file = join(results, "mine.safetensors");
  copyFileSync(fileURLToPath(new URL("../../variants/sam/sam-nano.safetensors", import.meta.url)), file);
  const { out } = await comparing("sam-nano", [file], { json: true, rounds: 3 });
  const [comparison] = JSON.parse(out).comparisons;
  expect(comparison.b).toMatchObject({ variant: "sam-nano:mine", weights: "mine.safetensors" });
  expect(comparison.images).toBe(2);
  // The same weights: the same masks.
  expect(comparison.figures[0]).toMatchObject({ figure: "miou.box", difference: { value: 0 } });
  expect(comparison.latency).toMatchObject({ measured: "interleaved", noiseFrom: "again" });
  expect(comparison.latency.stages.map(({ rounds }: { rounds: number }) => rounds)).toEqual([3, 3, 3, 3, 3]);
  expect(await listRuns(results)).toHaveLength(2);
});
