import { mkdtempSync, rmSync } from "node:fs";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bench } from "../../harness/commands/fixtures/bench.ts";

const fixture = fileURLToPath(new URL("fixtures/sam_vit_b.json", import.meta.url));
/** The published graph's peak is 7 GB, since its attention scores are in memory. */
const referenceBytes = 9 * 2 ** 30;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

// Verification runs in a process of its own, so that its memory is given back.
async function verify(graph: string): Promise<void> {
  const env = { SAM_BENCH_HOME: folder };
  const { code, out, notes } = await bench(["verify", "sam-vit-b", fixture, "--graph", graph, "--json"], { env });
  expect([code, notes]).toEqual([0, ""]);
  const { outputs } = JSON.parse(out) as { outputs: Record<string, { ratio: number }> };
  expect(Object.keys(outputs).length).toBe(5);
  for (const { ratio } of Object.values(outputs)) expect(ratio).toBeLessThan(5e-5);
}

test("sam-vit-b matches the authors' code, fused", () => verify("fused"));

test.skipIf(freemem() < referenceBytes)(
  "sam-vit-b matches the authors' code, reference (needs 9 GB of free memory)",
  () => verify("reference"),
);
