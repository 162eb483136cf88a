import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CalibrationValues, ImageEmbedding, MaskPrediction, Prompt, Variant } from "../../harness/api.ts";
import { prepare, toModelFrame } from "../../harness/image/index.ts";
import { type BuiltVariant, buildVariant } from "../../harness/run/build.ts";
import { calibrate } from "../../harness/run/calibration.ts";
import { loadRegistry, type RegisteredVariant, type Registry, variantOf } from "../../harness/run/registry.ts";
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
  }, 120_000);

  test.each([["w8a8-simulated", 0.05]])("%s stays near the float logits", async (setting, limit) => {
    const values = await calibrated(setting);
    const logits = await logitsOf(`ptq4sam/sam-nano/${setting}`, values);
    const off = distance(logits, float);
    expect(off).toBeLessThan(limit);
    expect(off).toBeGreaterThan(1e-4);
  });

  test("fewer bits are further away", async () => {
    const near = distance(await logitsOf("ptq4sam/sam-nano/w8a8-minmax", await calibrated("w8a8-minmax")), float);
    const far = distance(await logitsOf("ptq4sam/sam-nano/w3a3-minmax", await calibrated("w3a3-minmax")), float);
    expect(far).toBeGreaterThan(3 * near);
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

test("learning decides every rounding of a unit that it betters, and quantises all of it afterwards", async () => {
  const values = await calibrated("w4a4-ptq4sam-l", { images: 1, iterations: "2" });
  const { weights: stored, notes } = readCalibrated(values, "id", "w4a4-ptq4sam-l");
  const unitOf = (name: string) => name.replace(/\.\w+\.weight$/, "");
  const learned = new Set([...stored].filter(([, { up }]) => up !== undefined).map(([name]) => unitOf(name)));
  const undecided = [...stored].filter(([, { up }]) => up === undefined).map(([name]) => name);
  expect(learned.size).toBeGreaterThan(0);
  expect(undecided.filter((name) => learned.has(unitOf(name)))).toEqual([]);
  expect(notes.at(-1)).toBe(
    `learned in 2 iterations a unit, of 21 units; ${21 - learned.size} kept what statistics gave, which erred less on images left out of learning`,
  );
  const [once, again] = [
    await logitsOf("ptq4sam/sam-nano/w4a4-ptq4sam-l", values),
    await logitsOf("ptq4sam/sam-nano/w4a4-ptq4sam-l", values),
  ];
  expect(once.every(Number.isFinite)).toBe(true);
  expect(again).toEqual(once);
  await expect(calibrated("w4a4-qdrop", { images: 1, iterations: "0" })).rejects.toThrow("--iterations");
});

test("a graph needs a calibration, and one of its own setting", async () => {
  await expect(logitsOf("ptq4sam/sam-nano/w4a4")).rejects.toThrow("ptq4sam/sam-nano/w4a4: is not calibrated");
  const other = { setting: "w6a6" };
  await expect(logitsOf("ptq4sam/sam-nano/w4a4", other)).rejects.toThrow(
    "ptq4sam/sam-nano/w4a4: the calibration is of another setting (found w6a6, expected w4a4)",
  );
});

async function calibrated(
  setting: string,
  { images = 2, ...options }: { readonly images?: number; readonly iterations?: string } = {},
): Promise<CalibrationValues> {
  const dataset = await registry.datasets.get("shapes")!.open({ seed: 0, limit: images });
  const checkpoint = await openCheckpoint(weights, "nano");
  const request = {
    ...{ variant: variantOf(registry, `ptq4sam/sam-nano/${setting}`), checkpoint, weightsId: "nano", registry },
    ...{ runtime: cpu, progress: () => undefined, signal: new AbortController().signal, store: join(folder, "stored") },
  };
  const stored = await calibrate(request, { dataset, seed: 0, options });
  checkpoint.close();
  return stored.values;
}

async function built(variant: RegisteredVariant, calibration?: CalibrationValues): Promise<BuiltVariant> {
  const checkpoint = await openCheckpoint(weights, "nano");
  try {
    return await buildVariant({
      ...{ variant, checkpoint, weightsId: "nano", graph: "fused", cache: join(folder, "graphs") },
      ...(calibration === undefined ? {} : { calibration }),
    });
  } finally {
    checkpoint.close();
  }
}

/** Low-res logits of a scene's boxes. */
async function logitsOf(id: string, calibration?: CalibrationValues): Promise<Float32Array> {
  const variant = variantOf(registry, id);
  const { files } = await built(variant, calibration);
  const loaded: Variant = await variant.plugin.load(files, cpu, variant.preset);
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
