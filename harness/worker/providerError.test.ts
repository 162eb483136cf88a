import { expect, test } from "vitest";
import type { MaskPrediction, Variant, VariantManifest } from "../api.ts";
import { providerError } from "./providerError.ts";
import { stageOutputs } from "./stages/stageOutputs.ts";

const values = (...numbers: number[]) => Float32Array.from(numbers);

test("the error is the largest difference over the std of the processor's output, by stage", () => {
  // The std of 0, 2, 0, 2 is 1; of 0, 8, 0, 8 it is 4.
  const expected = { encode: [values(0, 2, 0, 2)], decode: [values(0, 8, 0, 8), values(0, 2)] };
  const found = { encode: [values(0, 2, 0.25, 2)], decode: [values(0, 9, 0, 8), values(0, 2.125)] };
  expect(providerError(found, expected)).toEqual({ encode: 0.25, decode: 0.25 });
  expect(providerError({ ...found, decode: [found.decode[0]!, values(0, 1.5)] }, expected).decode).toBe(0.5);
});

test("what can not be compared is infinitely far", () => {
  const expected = { encode: [values(0, 2)], decode: [] };
  for (const output of [values(0, Number.NaN), values(0, Number.POSITIVE_INFINITY), values(0, 2, 3)])
    expect(providerError({ encode: [output], decode: [] }, expected)).toEqual({ encode: Number.POSITIVE_INFINITY });
  const constant = { encode: [values(3, 3)], decode: [] };
  expect(providerError({ encode: [values(3, 4)], decode: [] }, constant).encode).toBe(Number.POSITIVE_INFINITY);
  expect(providerError(constant, constant)).toEqual({ encode: 0 });
});

const photo = { size: { height: 6, width: 8 }, pixels: new Uint8Array(6 * 8 * 3) };
const boxes = [1, 2].map((x0) => ({ x0, y0: 1, x1: 5, y1: 4 }));
const preset = {
  lacks: [],
  input: { side: 8, fit: "pad", resize: "bilinear", padValue: 0, mean: [0, 0, 0], std: [1, 1, 1] },
} as unknown as VariantManifest;

function variantWith(prediction: MaskPrediction, everything?: MaskPrediction): Variant {
  return {
    encode: async ({ geometry }) => ({ tensor: { dims: [1, 1, 1, 2], data: values(5, 6) }, geometry }),
    decode: async (_, prompts) => prompts.map(() => prediction),
    everything: everything === undefined ? undefined : async () => everything,
    close: async () => undefined,
  };
}

test("logits and predicted IoU of all boxes are the decoder's outputs", async () => {
  const lowResLogits = { dims: [1, 1, 2], data: values(1, 2) };
  const variant = variantWith({ kind: "logits", lowResLogits, predictedIou: values(0.5) });
  expect(await stageOutputs({ variant, preset }, { photo, boxes })).toEqual({
    encode: [values(5, 6)],
    decode: [values(1, 2, 1, 2), values(0.5, 0.5)],
  });
});

test("each skip connection of an embedding is an output of the encoder", async () => {
  const lowResLogits = { dims: [1, 1, 2], data: values(1, 2) };
  const plain = variantWith({ kind: "logits", lowResLogits, predictedIou: values(0.5) });
  const skipConnections = { fine: { dims: [1, 3], data: values(7, 8, 9) } };
  const variant: Variant = {
    ...plain,
    encode: async (input) => ({ ...(await plain.encode(input)), skipConnections }),
  };
  const { encode } = await stageOutputs({ variant, preset }, { photo, boxes });
  expect(encode).toEqual([values(5, 6), values(7, 8, 9)]);
});

test("masks that come out of the encoder are compared by their scores there", async () => {
  const none = { kind: "masks", masks: [], scores: values() } as const;
  const variant = variantWith(none, { ...none, scores: values(0.9, 0.4) });
  expect(await stageOutputs({ variant, preset }, { photo, boxes })).toEqual({
    encode: [values(5, 6), values(0.9, 0.4)],
    decode: [],
  });
});
