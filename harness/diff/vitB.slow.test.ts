import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Checkpoint } from "../api.ts";
import { buildVariant } from "../build/build.ts";
import { bench } from "../commands/fixtures/bench.ts";
import { loadRegistry, variantOf } from "../plan/plugins/registry.ts";
import { seededCheckpoint } from "../weights/index.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const planted = "image_encoder.blocks.7.mlp.lin2.weight";

/** Has seeded weights, but for one layer, whose weights are 1 % larger. */
function plantedCheckpoint(): Checkpoint {
  const seeded = seededCheckpoint();
  return {
    ...seeded,
    take(name, dims) {
      const weight = seeded.take(name, dims);
      return name === planted ? { ...weight, read: () => weight.read().map((value) => 1.01 * value) } : weight;
    },
  };
}

test("a change in one layer of sam-vit-b's published graph is found by its name, within 8 GB", async () => {
  const built = await buildVariant({
    variant: variantOf(await loadRegistry(), "sam-vit-b"),
    checkpoint: plantedCheckpoint(),
    weightsId: "planted",
    graph: "reference",
    cache: folder,
  });
  const args = [
    "diff",
    "sam-vit-b",
    built.files.encoder!,
    "--weights",
    "seeded",
    "--no-masks",
    "--memory",
    "8GB",
    "--json",
  ];
  const { code, out } = await bench(args, { env: { SAM_BENCH_HOME: folder } });
  expect(code).toBe(1);
  const { first, tensors, memory } = JSON.parse(out);
  expect(first.stored).toMatchObject([{ a: planted }]);
  expect(first.error.rms).toBeCloseTo(0.01, 3);
  const before = tensors.filter(({ a }: { a: { place: number } }) => a.place < first.a.place);
  expect(before.length).toBeGreaterThan(50);
  for (const { error } of before) expect(error.max).toBeLessThan(5e-5);
  expect(memory.peakBytes).toBeLessThan(8e9);
});
