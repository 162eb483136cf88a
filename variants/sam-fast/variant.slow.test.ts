import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CalibrationValues, Checkpoint, OnnxGraph } from "../../harness/api.ts";
import { buildVariant, describeGraphs } from "../../harness/build/build.ts";
import { type CalibrationSource, calibrate, calibrationFor } from "../../harness/build/calibration.ts";
import { loadRegistry, type RegisteredVariant, type Registry, variantOf } from "../../harness/plan/plugins/registry.ts";
import { linearsOf } from "../../harness/quantize/index.ts";
import { openCheckpoint } from "../../harness/weights/index.ts";

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

/** One drawn scene, and a bound as typed. */
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

const int8Products = (graph: OnnxGraph) =>
  graph.nodes.filter(({ operator }) => operator === "MatMulIntegerToFloat").length;

test("on trained weights all layers are int8 within the bound, and the manifest says so", async () => {
  const stored = (await calibrationFor(request()))!;
  expect(stored.values).toMatchObject({ bound: 0.05, inFloat: [], images: 16 });
  const built = await buildVariant({
    variant,
    checkpoint,
    weightsId: "nano",
    graph: "fused",
    cache: folder,
    calibration: stored.values,
  });
  expect(built.notes).toEqual([
    expect.stringMatching(
      /^all 36 linear layers of the encoder are int8; .* relative error is 1\.\d+ % \(bound 5\.0 %\) on 16 images$/,
    ),
  ]);
  expect(int8Products(built.graphs.encoder!)).toBe(36);
});

test("a tighter bound keeps the worst layers in float, names them, and is deterministic", async () => {
  const values = await boundTo("0.007");
  const loose = await boundTo("0.5");
  expect(loose).toMatchObject({ inFloat: [], error: values.errorOfAll });
  const { inFloat, error, errorOfAll } = values as { inFloat: string[]; error: number; errorOfAll: number };
  expect(errorOfAll).toBeGreaterThan(0.007);
  expect(error).toBeLessThanOrEqual(0.007);
  expect(inFloat.length).toBeGreaterThan(0);
  expect(inFloat.length).toBeLessThan(8);
  const notes: string[] = [];
  const encoder = await encoderOf(values, notes);
  expect(int8Products(encoder)).toBe(36 - inFloat.length);
  expect(linearsOf(encoder).map(({ weight }) => weight)).toEqual(expect.arrayContaining(inFloat));
  expect(notes[0]).toContain(`${36 - inFloat.length} of 36 linear layers of the encoder are int8`);
  for (const name of inFloat) expect(notes[0]).toContain(name.replace("image_encoder.", ""));
});
