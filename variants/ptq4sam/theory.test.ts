import { expect, test } from "vitest";
import type { UniformQuantizer } from "../../harness/quantize/index.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { samConfigs } from "../sam/config.ts";
import type { Calibrated, CalibratedWeight } from "./calibrated.ts";
import { floatPlaces, type Places } from "./places.ts";
import { wholeGraph } from "./stages.ts";
import { theoryOf } from "./theory.ts";

const model = { config: samConfigs["sam-nano"], checkpoint: seededCheckpoint() };

test("one block's share is what its sizes say", () => {
  const [at8, at4] = [
    theoryOf(model, calibratedAt(8, "none")),
    theoryOf(model, calibratedAt(8, "image_encoder.blocks.0.mlp")),
  ];
  // Two products of 1024 tokens, 96 x 384 weights, whose weights have 4 instead of 8 bits.
  const macs = 2 * 1024 * 96 * 384;
  expect(at8.bitOperations - at4.bitOperations).toBe(macs * (8 * 8 - 4 * 8));
  expect(at8.storageBytes - at4.storageBytes).toBe((2 * 96 * 384 * 4) / 8);
});

test("fewer bits save more, and what stays in float bounds it", () => {
  const [wide, narrow] = [theoryOf(model, calibratedAt(8, "none")), theoryOf(model, calibratedAt(4, "none"))];
  expect(narrow.bitOperations).toBeLessThan(wide.bitOperations);
  expect(narrow.storageBytes).toBeGreaterThan(narrow.floatStorageBytes / 8);
  expect(wide.floatStorageBytes).toBe(1_036_136 * 4);
});

/** Every place at some bits, but the weights below one module at 4. */
function calibratedAt(bits: number, four: string): Calibrated {
  const activations = new Map<string, UniformQuantizer>();
  const softmax = new Map<string, UniformQuantizer>();
  const weights = new Map<string, CalibratedWeight>();
  const quantizer = { bits, scale: 1, zeroPoint: 0 };
  const places: Places = {
    ...floatPlaces,
    activation(place, x) {
      activations.set(place, quantizer);
      return x;
    },
    softmax(place, { probabilities }) {
      softmax.set(place, quantizer);
      return probabilities;
    },
    weight(weight) {
      const rows = weight.dims[0]!;
      const own = weight.name.startsWith(four) ? 4 : bits;
      weights.set(weight.name, { bits: own, scales: new Float32Array(rows), zeroPoints: new Uint8Array(rows) });
      return weight;
    },
  };
  for (const name of ["encoder", "decoder"] as const) wholeGraph(model, name, () => places);
  return { setting: "test", signs: new Map(), activations, softmax, weights, notes: [] };
}
