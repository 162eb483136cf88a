import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CalibrationValues, ImageEmbedding, MaskPrediction, Prompt, Variant } from "../../harness/api.ts";
import { prepare, toModelFrame } from "../../harness/image/index.ts";
import { buildVariant } from "../../harness/run/build.ts";
import { calibrate } from "../../harness/run/calibration.ts";
import { loadRegistry, type Registry, variantOf } from "../../harness/run/registry.ts";
import { openCheckpoint } from "../../harness/weights/index.ts";
import { readCalibrated } from "./calibrated.ts";

const cpu = { provider: "cpu", threads: 2 };
const weights = join(import.meta.dirname, "..", "sam", "sam-nano.safetensors");

let folder: string;
let registry: Registry;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  registry = await loadRegistry();
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("sam-nano, calibrated on two scenes", () => {
  let float: Float32Array;
  beforeAll(async () => {
    float = await logitsOf("sam-nano");
  });

  test.each([
    ["w8a8-simulated", 0.05],
    ["w8a8-minmax-simulated", 0.2],
  ])("%s stays near the float logits", async (setting, limit) => {
    const values = await calibrated(setting);
    const logits = await logitsOf(`ptq4sam/sam-nano/${setting}`, values);
    const off = distance(logits, float);
    expect(off).toBeLessThan(limit);
    expect(off).toBeGreaterThan(1e-4);
  });

  test("fewer bits are further away", async () => {
    const errors = [];
    for (const setting of ["w6a6-minmax", "w3a3-minmax"])
      errors.push(distance(await logitsOf(`ptq4sam/sam-nano/${setting}`, await calibrated(setting)), float));
    expect(errors[1]).toBeGreaterThan(2 * errors[0]!);
  });

  test("keeps 8 bits for the first and the last layer where that is asked for", async () => {
    const { weights: stored, activations } = readCalibrated(
      await calibrated("w4a4-minmax-edges8"),
      "id",
      "w4a4-minmax-edges8",
    );
    const first = "image_encoder.blocks.0.attn.qkv";
    expect([stored.get(`${first}.weight`)!.bits, activations.get(`${first}.input`)!.bits]).toEqual([8, 8]);
    expect([...stored.values()].filter(({ bits }) => bits === 8)).toHaveLength(2);
    expect([...activations.values()].filter(({ bits }) => bits === 8)).toHaveLength(2);
  });
});

test("a graph needs a calibration, and one of its own setting", async () => {
  await expect(logitsOf("ptq4sam/sam-nano/w4a4")).rejects.toThrow("ptq4sam/sam-nano/w4a4: is not calibrated");
  const other = { setting: "w6a6" };
  await expect(logitsOf("ptq4sam/sam-nano/w4a4", other)).rejects.toThrow(
    "ptq4sam/sam-nano/w4a4: the calibration is of another setting (found w6a6, expected w4a4)",
  );
});

async function calibrated(setting: string): Promise<CalibrationValues> {
  const dataset = await registry.datasets.get("shapes")!.open({ seed: 0, limit: 2 });
  const checkpoint = await openCheckpoint(weights, "nano");
  const request = {
    ...{ variant: variantOf(registry, `ptq4sam/sam-nano/${setting}`), checkpoint, weightsId: "nano", registry },
    ...{ runtime: cpu, progress: () => undefined, signal: new AbortController().signal, store: join(folder, "stored") },
  };
  const stored = await calibrate(request, { dataset, seed: 0, options: {} });
  checkpoint.close();
  return stored.values;
}

/** Low-res logits of a scene's boxes. */
async function logitsOf(id: string, calibration?: CalibrationValues): Promise<Float32Array> {
  const variant = variantOf(registry, id);
  const checkpoint = await openCheckpoint(weights, "nano");
  const built = await buildVariant({
    ...{ variant, checkpoint, weightsId: "nano", graph: "fused", cache: join(folder, "graphs") },
    ...(calibration === undefined ? {} : { calibration }),
  });
  checkpoint.close();
  const loaded: Variant = await variant.plugin.load(built.files, cpu, variant.preset);
  const { input, prompts } = await scene(variant.preset.input);
  const embedding: ImageEmbedding = await loaded.encode(input);
  const predictions: readonly MaskPrediction[] = await loaded.decode(embedding, prompts);
  await loaded.close();
  return Float32Array.from(predictions.flatMap((each) => (each.kind === "logits" ? [...each.lowResLogits.data] : [])));
}

async function scene(spec: Parameters<typeof prepare>[1]) {
  const dataset = await registry.datasets.get("shapes")!.open({ seed: 5, limit: 1 });
  const { id } = dataset.images[0]!;
  const input = prepare(await dataset.read(id), spec);
  const prompts: Prompt<"model">[] = dataset
    .targetsOf(id)
    .slice(0, 4)
    .map(({ box }) => toModelFrame({ frame: "image", points: [], box } as const, input.geometry));
  return { input, prompts };
}

/** Mean absolute difference, by the mean absolute value. */
function distance(a: Float32Array, b: Float32Array): number {
  const sum = (values: Float32Array) => values.reduce((total, value) => total + Math.abs(value), 0);
  return sum(a.map((value, i) => value - b[i]!)) / sum(b);
}
