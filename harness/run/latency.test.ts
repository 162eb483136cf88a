import { expect, test } from "vitest";
import type { Dataset, Variant, VariantManifest } from "../api.ts";
import { measureMemory } from "./latency.ts";

const image = { id: 1, fileName: "grey", size: { height: 6, width: 8 } };
const dataset = {
  images: [image],
  read: async () => ({ size: image.size, pixels: new Uint8Array(6 * 8 * 3) }),
  targetsOf: () => [],
} as unknown as Dataset;
const preset = {
  lacks: [],
  input: { side: 8, fit: "pad", resize: "bilinear", padValue: 0, mean: [0, 0, 0], std: [1, 1, 1] },
} as unknown as VariantManifest;

/** A variant on a provider that takes 300 bytes of GPU memory for an encode and 20 for a decode, and keeps them. */
function fakeProvider() {
  let held = 1000;
  const variant: Variant = {
    async encode({ geometry }) {
      held += 300;
      return { tensor: { dims: [1], data: new Float32Array(1) }, geometry };
    },
    async decode() {
      held += 20;
      return [];
    },
    close: async () => undefined,
  };
  return { variant, gpuBytes: () => held };
}

test("memory on a GPU is read after each stage", async () => {
  const { variant, gpuBytes } = fakeProvider();
  const { gpu, encode } = await measureMemory({ variant, preset, dataset }, 1, gpuBytes);
  expect(gpu).toEqual({ load: 1000, encode: 1300, decode: 1320 });
  expect(encode).toBeGreaterThan(0);
});

test("where the driver does not tell there is no figure", async () => {
  const { variant } = fakeProvider();
  expect(await measureMemory({ variant, preset, dataset }, 1, () => undefined)).not.toHaveProperty("gpu");
});
