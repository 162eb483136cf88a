import { expect, test } from "vitest";
import type { Variant, VariantManifest } from "../api.ts";
import { measureStages } from "./modelMemory.ts";
import { outputChecks } from "./outputChecks.ts";

const photo = { size: { height: 6, width: 8 }, pixels: new Uint8Array(6 * 8 * 3) };
const box = { x0: 1, y0: 1, x1: 5, y1: 4 };
const preset = {
  lacks: [],
  input: { side: 8, fit: "pad", resize: "bilinear", padValue: 0, mean: [0, 0, 0], std: [1, 1, 1] },
} as unknown as VariantManifest;

const checks = outputChecks(preset);

/** A variant on a provider that takes 300 bytes of GPU memory for an encode and 20 for a decode, and keeps them. */
function fakeProvider() {
  let held = 1000;
  const variant: Variant = {
    async encode({ geometry }) {
      held += 300;
      return { tensor: { dims: [1, 1, 1, 1], data: new Float32Array(1) }, geometry };
    },
    async decode() {
      held += 20;
      return [{ kind: "masks", masks: [], scores: new Float32Array(0) }];
    },
    close: async () => undefined,
  };
  return { variant, gpuBytes: () => held };
}

test("memory on a GPU is read after each stage", async () => {
  const { variant, gpuBytes } = fakeProvider();
  const { gpu, encode } = await measureStages({ variant, preset, photo, box, checks }, gpuBytes);
  expect(gpu).toEqual({ load: 1000, encode: 1300, decode: 1320 });
  expect(encode).toBeGreaterThan(0);
});

test("where the driver does not tell there is no figure", async () => {
  const { variant } = fakeProvider();
  expect((await measureStages({ variant, preset, photo, box, checks }, () => undefined)).gpu).toBeUndefined();
});
