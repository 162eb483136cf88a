import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CalibrationValues, Checkpoint, OnnxGraph } from "../../harness/api.ts";
import { describeGraphs } from "../../harness/build/build.ts";
import { type CalibrationSource, calibrate } from "../../harness/build/calibration.ts";
import { runGraph, wave } from "../../harness/onnx/fixtures/runGraph.ts";
import { loadRegistry, type RegisteredVariant, type Registry, variantOf } from "../../harness/plan/plugins/registry.ts";
import { openCheckpoint, seededCheckpoint } from "../../harness/weights/index.ts";
import { samConfigs } from "../sam/config.ts";
import { imageEncoder } from "../sam/imageEncoder.ts";
import { relativeError } from "./choice.ts";

const weightsFile = fileURLToPath(new URL("../sam/sam-nano.safetensors", import.meta.url));

let folder: string;
let registry: Registry;
let variant: RegisteredVariant;
let checkpoint: Checkpoint;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  registry = await loadRegistry();
  variant = variantOf(registry, "sam-fast/sam-nano");
  checkpoint = await openCheckpoint(weightsFile, "nano");
});
afterAll(() => {
  checkpoint.close();
  rmSync(folder, { recursive: true });
});

const request = () => ({
  variant,
  checkpoint,
  weightsId: "nano",
  registry,
  store: folder,
  runtime: { provider: "cpu", threads: 2 },
  progress: () => undefined,
  note: () => undefined,
  signal: new AbortController().signal,
});

/** Calibrates on one drawn scene, with a bound as a user types it. */
async function boundTo(bound: string): Promise<CalibrationValues> {
  const dataset = await registry.datasets.get("shapes")!.open({ seed: 1, limit: 1 });
  const source: CalibrationSource = { dataset, seed: 1, options: { bound } };
  return (await calibrate(request(), source)).values;
}

async function encoderOf(calibration?: CalibrationValues, notes: string[] = []): Promise<OnnxGraph> {
  const values = calibration === undefined ? {} : { calibration };
  const note = (text: string) => notes.push(text);
  const graphs = await describeGraphs({ variant, checkpoint, graph: "fused", ...values }, { note });
  return graphs.find(({ name }) => name === "encoder")!;
}

test("every SAM preset has a fast one by both schemes, which run on its checkpoint", () => {
  const fast = [...registry.variants.values()]
    .map(({ preset }) => preset)
    .filter(({ id }) => id.startsWith("sam-fast/"));
  const bases = Object.keys(samConfigs);
  expect(fast.map(({ id }) => id)).toEqual(bases.flatMap((base) => [`sam-fast/${base}`, `sam-fast/${base}/per-token`]));
  for (const { id, base, input } of fast) {
    expect(id).toMatch(`sam-fast/${base}`);
    expect(input).toEqual(registry.variants.get(base!)!.preset.input);
  }
  const images = fast.map(({ base, calibration }) => [base, calibration?.images]);
  expect(Object.fromEntries(images)).toEqual({ "sam-vit-h": 2, "sam-vit-l": 2, "sam-vit-b": 16, "sam-nano": 16 });
});

test("the image embedding stays near the float graph's", async () => {
  const image = wave([1, 3, 256, 256]);
  const float = await runGraph(imageEncoder(samConfigs["sam-nano"], checkpoint), { image });
  const fast = await runGraph(await encoderOf(), { image });
  const error = relativeError([fast.image_embedding!.data], [float.image_embedding!.data]);
  expect(error).toBeGreaterThan(0.001);
  expect(error).toBeLessThan(0.03);
});

test("seeded weights are calibrated as well", async () => {
  const seeded = { ...request(), checkpoint: seededCheckpoint(), weightsId: "seeded" };
  const dataset = await registry.datasets.get("shapes")!.open({ seed: 1, limit: 1 });
  const { values } = await calibrate(seeded, { dataset, seed: 1, options: {} });
  expect(values.error).toBeLessThan(0.05);
});

test("the reference is SAM's own published graph, in float", async () => {
  const reference = (id: string) =>
    describeGraphs({ variant: variantOf(registry, id), checkpoint: seededCheckpoint(), graph: "reference" });
  const nodes = async (id: string) => (await reference(id)).map((graph) => graph.nodes);
  expect(await nodes("sam-fast/sam-nano")).toEqual(await nodes("sam-nano"));
});

test.each(["0", "1", "-0.1", "5%", "", "much"])("--bound %s is no relative error", async (bound) => {
  await expect(boundTo(bound)).rejects.toThrow(/^--bound: not a relative error \(found .*expected a number between/);
});

test("a calibration of another kind, and an unknown preset, are the user's to mend", async () => {
  await expect(encoderOf({ scales: [1] })).rejects.toThrow("sam-fast: the stored calibration is of another kind");
  expect(() => variantOf(registry, "sam-fast/sam-vit-x")).toThrow(
    "unknown variant: sam-fast/sam-vit-x; did you mean sam-fast/sam-vit-",
  );
});
