import { afterAll, beforeAll, expect, test } from "vitest";
import { NanoTrial } from "../fixtures/nanoTrial.ts";
import { integerLayers } from "../graphs/deployed.ts";
import { readCalibrated } from "./calibrated.ts";

let trial: NanoTrial;
beforeAll(async () => {
  trial = await NanoTrial.open();
});
afterAll(() => trial.close());

test("an integer graph is calibrated for its int8 layers, and for nothing that it does not have", async () => {
  const setting = "w8a8";
  const values = await trial.calibrated(setting, { images: 1 });
  const { activations, weights, softmax, signs } = readCalibrated(values, "id", setting);
  const { graphs } = await trial.built(`ptq4sam/sam-nano/${setting}`, values);
  const layers = new Set(["encoder", "decoder"].flatMap((name) => [...integerLayers(graphs[name]!)]));
  expect(layers.size).toBeGreaterThan(30);
  expect([...weights.keys()].toSorted()).toEqual([...layers].map((layer) => `${layer}.weight`).toSorted());
  expect([...activations.keys()].toSorted()).toEqual([...layers].map((layer) => `${layer}.input`).toSorted());
  expect(softmax.size + signs.size).toBe(0);
});
