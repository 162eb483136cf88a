import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CalibrationValues } from "../../harness/api.ts";
import { readCalibrated } from "./calibrate/calibrated.ts";
import { NanoTrial } from "./fixtures/nanoTrial.ts";

let trial: NanoTrial;
beforeAll(async () => {
  trial = await NanoTrial.open();
});
afterAll(() => trial.close());

describe("sam-nano, calibrated on two scenes", () => {
  let float: Float32Array;
  beforeAll(async () => {
    float = await logitsOf("sam-nano");
  }, 120_000);

  test.each([["w8a8-simulated", 0.05]])("%s stays near the float logits", async (setting, limit) => {
    const values = await trial.calibrated(setting);
    const logits = await logitsOf(`ptq4sam/sam-nano/${setting}`, values);
    const off = distance(logits, float);
    expect(off).toBeLessThan(limit);
    expect(off).toBeGreaterThan(1e-4);
  });

  test("fewer bits are further away", async () => {
    const near = distance(await logitsOf("ptq4sam/sam-nano/w8a8-minmax", await trial.calibrated("w8a8-minmax")), float);
    const far = distance(await logitsOf("ptq4sam/sam-nano/w3a3-minmax", await trial.calibrated("w3a3-minmax")), float);
    expect(far).toBeGreaterThan(3 * near);
  });
});

test("learning decides every rounding of a unit that it betters, and quantises all of it afterwards", async () => {
  const values = await trial.calibrated("w4a4-ptq4sam-l", { images: 1, iterations: "2" });
  const { weights: stored, notes } = readCalibrated(values, "id", "w4a4-ptq4sam-l");
  const unitOf = (name: string) => name.replace(/\.\w+\.weight$/, "");
  const learned = new Set([...stored].filter(([, { up }]) => up !== undefined).map(([name]) => unitOf(name)));
  const undecided = [...stored].filter(([, { up }]) => up === undefined).map(([name]) => name);
  expect(learned.size).toBeGreaterThan(0);
  expect(undecided.filter((name) => learned.has(unitOf(name)))).toEqual([]);
  expect(notes.at(-1)).toBe(
    `learned in 2 iterations a unit, of 21 units; ${21 - learned.size} kept what statistics gave, which erred less on images left out of learning`,
  );
  const once = await logitsOf("ptq4sam/sam-nano/w4a4-ptq4sam-l", values);
  const again = await logitsOf("ptq4sam/sam-nano/w4a4-ptq4sam-l", values);
  expect(once.every(Number.isFinite)).toBe(true);
  expect(again).toEqual(once);
  await expect(trial.calibrated("w4a4-qdrop", { images: 1, iterations: "0" })).rejects.toThrow("--iterations");
});

async function logitsOf(id: string, calibration?: CalibrationValues): Promise<Float32Array> {
  const { files } = await trial.built(id, calibration);
  return trial.logitsOf(id, files);
}

/** Mean absolute difference, by the mean absolute value. */
function distance(a: Float32Array, b: Float32Array): number {
  const sum = (values: Float32Array) => values.reduce((total, value) => total + Math.abs(value), 0);
  return sum(a.map((value, i) => value - b[i]!)) / sum(b);
}
