import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { referenceGmacs } from "../../harness/build/gmacs.ts";
import { readFixture } from "../../harness/build/verification/referenceValues.ts";
import { openWeights } from "../../harness/build/weights/openedWeights.ts";
import { memoryConsole } from "../../harness/commands/fixtures/bench.ts";
import { inspect } from "../../harness/commands/inspect.ts";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { loadRegistry, variantOf } from "../../harness/plan/plugins/registry.ts";
import { openCheckpoint } from "../../harness/weights/index.ts";
import { fittingVariantsOf, parametersOf } from "../fixtures/trial.ts";
import { answerOf, graphsOf, kinds, writeHollow } from "../repvit/fixtures/plugin.ts";
import plugin from "./variant.ts";

/** float32 sums in another order differ by less, over the output's std. */
const tolerance = 1e-5;
const fixture = readFixture(fileURLToPath(new URL("fixtures/edge_sam.json", import.meta.url)));

let folder: string;
/** A file with the names and shapes of the two published ones. */
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-edgesam-"));
  file = writeHollow(join(folder, "edge_sam.safetensors"), fixture.stateDict);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a file with the published names", () => {
  test("fits edgesam and edgesam-3x, which have one architecture, and bench inspect says so", async () => {
    const console = memoryConsole();
    expect(await inspect.run({ file }, console)).toBe(0);
    expect(console.said.out).toMatch(/^variants? +.*edgesam\b.*edgesam-3x/m);
    expect(console.said.out).toMatch(/^parameters +9,582,112$/m);
    expect([...(await fittingVariantsOf(file))].sort()).toEqual(["edgesam", "edgesam-3x"]);
  });

  test("has what the published graph takes, and nothing else but counters", async () => {
    const checkpoint = await openCheckpoint(file);
    for (const id of ["edgesam", "edgesam/stability"]) await graphsOf(plugin, id, "reference", checkpoint);
    checkpoint.close();
  });

  test("is refused as another variant, with the names of its own", async () => {
    const registry = await loadRegistry();
    const weights = { source: "checkpoint", file } as const;
    for (const id of ["mobilesam", "repvit-sam", "edgesam-nano"])
      await expect(openWeights({ variant: variantOf(registry, id), weights }, registry)).rejects.toMatchObject({
        hint: expect.stringMatching(/^this is a checkpoint of .*edgesam\b/),
      });
  });

  test("fits nothing with a bias that RepViT-SAM's branches have", async () => {
    const more = { ...fixture.stateDict, "image_encoder.features.1.token_mixer.0.conv1.bias": [48] };
    expect(await fittingVariantsOf(writeHollow(join(folder, "more.safetensors"), more))).toEqual([]);
  });
});

test("parameters are the published 9.58 M in both graphs, by stability too, where a head of them is not run", async () => {
  for (const id of ["edgesam", "edgesam-3x", "edgesam/stability"])
    for (const kind of kinds) expect(parametersOf([...(await graphsOf(plugin, id, kind)).values()])).toBe(9_582_112);
});

test("multiply-accumulates are PyTorch's within half a percent", async () => {
  const { encode, decode } = (await referenceGmacs(variantOf(await loadRegistry(), "edgesam")))!;
  expect(Math.abs(encode / 20.05 - 1)).toBeLessThan(0.005);
  expect(Math.abs(decode / 1.81 - 1)).toBeLessThan(0.005);
});

test("edgesam-nano encodes and decodes a box alike in both graphs", async () => {
  const [fused, reference] = await Promise.all(kinds.map((kind) => answerOf(plugin, "edgesam-nano", kind, folder)));
  expect(fused!.embedding.dims).toEqual([1, 64, 32, 32]);
  expect(fused!.prediction.lowResLogits.dims).toEqual([4, 128, 128]);
  expect(differenceOf(fused!.embedding, reference!.embedding)).toBeLessThan(tolerance);
  expect(differenceOf(fused!.prediction.lowResLogits, reference!.prediction.lowResLogits)).toBeLessThan(tolerance);
});

test.each(kinds)("by stability, a mask's score is its places above 1 over those above -1, %s", async (kind) => {
  const plain = await answerOf(plugin, "edgesam-nano", kind, folder);
  const stable = await answerOf(plugin, "edgesam-nano/stability", kind, folder);
  const { dims, data } = plain.prediction.lowResLogits;
  expect(stable.prediction.lowResLogits.data).toEqual(data);
  expect(stable.prediction.predictedIou).not.toEqual(plain.prediction.predictedIou);
  const places = dims[1]! * dims[2]!;
  for (const [mask, score] of stable.prediction.predictedIou.entries()) {
    const logits = data.subarray(mask * places, (mask + 1) * places);
    const above = (threshold: number) => logits.filter((logit) => logit > threshold).length;
    expect(above(-1)).toBeGreaterThan(above(1));
    expect(score).toBeCloseTo(above(1) / above(-1), 6);
  }
});

test("GELU is the error function's, and the coarse map is enlarged by products in the measured graph alone", async () => {
  const operatorsOf = async (kind: (typeof kinds)[number]) =>
    new Set((await graphsOf(plugin, "edgesam-nano", kind)).get("encoder")!.nodes.map(({ operator }) => operator));
  const fused = await operatorsOf("fused");
  for (const operator of ["Gelu", "FusedMatMul", "MatMul"]) expect(fused).toContain(operator);
  expect(fused).not.toContain("Resize");
  const reference = await operatorsOf("reference");
  for (const operator of ["Erf", "Resize"]) expect(reference).toContain(operator);
  for (const operator of ["Tanh", "Gelu"]) expect(reference).not.toContain(operator);
});
