import { afterAll, beforeAll, expect, test } from "vitest";
import type { CalibrationValues } from "../../harness/api.ts";
import { readCalibrated } from "./calibrate/calibrated.ts";
import { NanoTrial } from "./fixtures/nanoTrial.ts";

let trial: NanoTrial;
beforeAll(async () => {
  trial = await NanoTrial.open();
});
afterAll(() => trial.close());

test("sam-nano, calibrated on two scenes, keeps 8 bits for the first and the last layer where that is asked for", async () => {
  const { weights: stored, activations } = readCalibrated(
    await trial.calibrated("w4a4-minmax-edges8"),
    "id",
    "w4a4-minmax-edges8",
  );
  const first = "image_encoder.blocks.0.attn.qkv";
  expect([stored.get(`${first}.weight`)!.bits, activations.get(`${first}.input`)!.bits]).toEqual([8, 8]);
  expect([...stored.values()].filter(({ bits }) => bits === 8)).toHaveLength(2);
  expect([...activations.values()].filter(({ bits }) => bits === 8)).toHaveLength(2);
});

test("a graph needs a calibration, and one of its own setting", async () => {
  await expect(logitsOf("ptq4sam/sam-nano/w4a4")).rejects.toThrow("ptq4sam/sam-nano/w4a4: is not calibrated");
  const other = { setting: "w6a6" };
  await expect(logitsOf("ptq4sam/sam-nano/w4a4", other)).rejects.toThrow(
    "ptq4sam/sam-nano/w4a4: the calibration is of another setting (found w6a6, expected w4a4)",
  );
});

async function logitsOf(id: string, calibration?: CalibrationValues): Promise<Float32Array> {
  const { files } = await trial.built(id, calibration);
  return trial.logitsOf(id, files);
}
