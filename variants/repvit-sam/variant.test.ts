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
import { openCheckpoint, seededCheckpoint } from "../../harness/weights/index.ts";
import { fittingVariantsOf, parametersOf } from "../fixtures/trial.ts";
import { answerOf, graphsOf, kinds, presetOf, writeHollow } from "../repvit/fixtures/plugin.ts";
import plugin from "./variant.ts";

/** float32 sums in another order differ by less, over the output's std. */
const tolerance = 1e-5;
const fixture = readFixture(fileURLToPath(new URL("fixtures/repvit_sam.json", import.meta.url)));

let folder: string;
/** A file with the names and shapes of the published one. */
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-repvit-sam-"));
  file = writeHollow(join(folder, "repvit_sam.safetensors"), fixture.stateDict);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a file with the published names", () => {
  test("fits repvit-sam alone, and bench inspect says so", async () => {
    const console = memoryConsole();
    expect(await inspect.run({ file }, console)).toBe(0);
    expect(console.said.out).toMatch(/^variant +repvit-sam$/m);
    expect(console.said.out).toMatch(/^parameters +27,223,480$/m);
    expect(await fittingVariantsOf(file)).toEqual(["repvit-sam"]);
  });

  test("has what the published graph takes, and nothing else but counters", async () => {
    const checkpoint = await openCheckpoint(file);
    await graphsOf(plugin, "repvit-sam", "reference", checkpoint);
    checkpoint.close();
  });

  test("is refused as another variant, with the name of its own", async () => {
    const registry = await loadRegistry();
    const weights = { source: "checkpoint", file } as const;
    for (const id of ["mobilesam", "edgesam", "repvit-sam-nano"])
      await expect(openWeights({ variant: variantOf(registry, id), weights }, registry)).rejects.toMatchObject({
        hint: "this is a checkpoint of repvit-sam",
      });
  });

  test("fits nothing with a branch's bias missing, or with a weight more than it should have", async () => {
    const { "image_encoder.features.1.token_mixer.0.conv1.bias": _, ...less } = fixture.stateDict;
    const more = { ...fixture.stateDict, "image_encoder.classifier.weight": [1000, 640] };
    for (const shapes of [less, more])
      expect(await fittingVariantsOf(writeHollow(join(folder, "other.safetensors"), shapes))).toEqual([]);
  });
});

test("parameters are the published 27.2 M in both graphs, buffers left out", async () => {
  for (const kind of kinds)
    expect(parametersOf([...(await graphsOf(plugin, "repvit-sam", kind)).values()])).toBe(27_223_480);
});

test("multiply-accumulates are PyTorch's within half a percent", async () => {
  const { encode, decode } = (await referenceGmacs(variantOf(await loadRegistry(), "repvit-sam")))!;
  expect(Math.abs(encode / 113.3 - 1)).toBeLessThan(0.005);
  expect(Math.abs(decode / 1.81 - 1)).toBeLessThan(0.005);
});

test("repvit-sam-nano encodes and decodes a box alike in both graphs, from the same weights", async () => {
  const [fused, reference] = await Promise.all(kinds.map((kind) => answerOf(plugin, "repvit-sam-nano", kind, folder)));
  expect(fused!.embedding.dims).toEqual([1, 64, 32, 32]);
  expect(fused!.prediction.lowResLogits.dims).toEqual([4, 128, 128]);
  expect(differenceOf(fused!.embedding, reference!.embedding)).toBeLessThan(tolerance);
  expect(differenceOf(fused!.prediction.lowResLogits, reference!.prediction.lowResLogits)).toBeLessThan(tolerance);
  const [taken, published] = await Promise.all(kinds.map((kind) => graphsOf(plugin, "repvit-sam-nano", kind)));
  expect(parametersOf([...taken!.values()])).toBe(parametersOf([...published!.values()]));
});

test("the measured encoder has one convolution in place of a token mixer's branches, the published one all of them", async () => {
  const countOf = async (kind: (typeof kinds)[number], operator: string) => {
    const { nodes } = (await graphsOf(plugin, "repvit-sam", kind)).get("encoder")!;
    return nodes.filter((node) => node.operator === operator).length;
  };
  const mixers = 7 + 7 + 35 + 2;
  expect((await countOf("reference", "Conv")) - (await countOf("fused", "Conv"))).toBe(mixers);
  expect(await countOf("reference", "BatchNormalization")).toBe(mixers);
  expect(await countOf("fused", "BatchNormalization")).toBe(0);
});

test("GELU is the error function's in both graphs", async () => {
  const operatorsOf = async (kind: (typeof kinds)[number]) =>
    new Set((await graphsOf(plugin, "repvit-sam-nano", kind)).get("encoder")!.nodes.map(({ operator }) => operator));
  expect([...(await operatorsOf("fused"))]).toContain("Gelu");
  const reference = await operatorsOf("reference");
  expect(reference).toContain("Erf");
  for (const operator of ["Tanh", "Gelu"]) expect(reference).not.toContain(operator);
});

test("a side that is no multiple of what its encoder needs is refused", async () => {
  const context = { preset: presetOf(plugin, "repvit-sam"), checkpoint: seededCheckpoint(), graph: "fused" as const };
  await expect(plugin.build({ ...context, out: { write: async () => undefined }, side: 1000 })).rejects.toThrow(
    "repvit-sam: no side that its encoder takes (found 1000 px, expected a multiple of",
  );
});
