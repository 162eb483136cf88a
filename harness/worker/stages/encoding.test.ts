import { expect, test } from "vitest";
import type { Geometry, ModelInput, Tensor, Variant } from "../../api.ts";
import { encoding } from "./encoding.ts";

const size = { height: 1, width: 2 };
const geometry: Geometry = { image: size, resized: size, offset: { x: 0, y: 0 }, frame: size };
const input: ModelInput = { tensor: { dims: [1, 1, 1, 2], data: Float32Array.of(3, 4) }, geometry };
const preset = { id: "toy" };

function variantOf(encodeBatch?: Variant["encodeBatch"]): Variant {
  return {
    encode: async ({ tensor }) => ({ tensor, geometry }),
    encodeBatch,
    decode: async () => [],
    close: async () => undefined,
  };
}

test("one image goes through encode, whatever else the variant has", async () => {
  const variant = variantOf(() => Promise.reject(new Error("a batch of one")));
  expect(await encoding({ variant, preset }, input)()).toEqual([{ tensor: input.tensor, geometry }]);
  expect(await encoding({ variant, preset, batch: 1 }, input)()).toHaveLength(1);
});

test("a batch repeats the image in one call", async () => {
  const seen: Tensor[] = [];
  const variant = variantOf(async (images, geometries) => {
    seen.push(images);
    return geometries.map((each) => ({ tensor: input.tensor, geometry: each }));
  });
  expect(await encoding({ variant, preset, batch: 3 }, input)()).toHaveLength(3);
  expect(seen).toEqual([{ dims: [3, 1, 1, 2], data: Float32Array.of(3, 4, 3, 4, 3, 4) }]);
});

test("a variant that encodes one image at a time is refused by its name", () => {
  expect(() => encoding({ variant: variantOf(), preset, batch: 2 }, input)).toThrow(
    "toy: its plug-in encodes one image at a time (found a batch of 2 images)",
  );
});
