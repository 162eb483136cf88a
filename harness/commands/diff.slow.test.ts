import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildVariant } from "../build/build.ts";
import { swiftShader } from "../onnx/fixtures/swiftShader.ts";
import { loadRegistry, variantOf } from "../plan/plugins/registry.ts";
import { seededCheckpoint, seededName } from "../weights/index.ts";
import { bench } from "./fixtures/bench.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function diffOf(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { code, out } = await bench(["diff", ...args, "--json"], { env: { SAM_BENCH_HOME: folder, ...env } });
  return { code, found: JSON.parse(out) };
}

test("the fused graph and the published operators are the same, on trained weights, and give the same masks", async () => {
  const { code, found } = await diffOf(["sam-nano", "sam-nano", "--graph", "fused,reference", "--limit", "2"]);
  expect([code, found.same]).toEqual([0, true]);
  // Of six blocks at least the normalisations, the products, the activation and the sums.
  expect(found.tensors.length).toBeGreaterThan(50);
  for (const { error } of found.tensors) expect(error.max).toBeLessThan(5e-5);
  expect(found.masks.agreement.all).toMatchObject({ n: 28, sameToken: 1 });
  expect(found.masks.agreement.all.maskIou.least).toBeGreaterThan(0.999);
});

test("the first tensor that quantisation changes is the first product of integers, and masks differ by little", async () => {
  const { code, found } = await diffOf(["sam-nano", "sam-fast/sam-nano", "--limit", "2"]);
  expect(code).toBe(1);
  expect([found.first.a.operator, found.first.b.operator]).toEqual(["FusedMatMul", "MatMulIntegerToFloat"]);
  expect(found.first.a.name).toMatch(/^image_encoder\.blocks\.0\//);
  expect(found.b.notCompared.every(({ reason }: { reason: string }) => reason === "uint8")).toBe(true);
  const { least, mean } = found.masks.agreement.all.maskIou;
  expect([least > 0.9, mean < 1]).toEqual([true, true]);
});

test("a file takes the place of a variant's graph, so that its masks are known", async () => {
  const variant = variantOf(await loadRegistry(), "sam-nano");
  const how = {
    variant,
    checkpoint: seededCheckpoint(),
    weightsId: seededName(),
    graph: "reference",
    cache: folder,
  } as const;
  const { files } = await buildVariant(how);
  const { code, found } = await diffOf(["sam-nano", files.encoder!, "--weights", "seeded", "--limit", "1"]);
  expect([code, found.masks.kind, found.masks.agreement.all.sameToken]).toEqual([0, "compared", 1]);
});

test.skipIf(swiftShader === undefined)(
  "the processor and WebGPU compute the same tensors (needs SwiftShader: chromium and libvulkan1)",
  async () => {
    const env = { VK_ICD_FILENAMES: swiftShader };
    const { code, found } = await diffOf(["sam-nano", "sam-nano", "--provider", "cpu,webgpu", "--no-masks"], env);
    expect([code, found.same]).toEqual([0, true]);
    expect(found.tensors.length).toBeGreaterThan(200);
  },
);
