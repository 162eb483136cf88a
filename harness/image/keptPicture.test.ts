import { expect, test } from "vitest";
import type { KeptTokens, RgbImage } from "../api.ts";
import { keptPicture } from "./keptPicture.ts";
import { geometryOf } from "./prepare.ts";

const photo: RgbImage = {
  size: { height: 2, width: 4 },
  pixels: Uint8Array.from({ length: 24 }, (_, i) => 40 + 8 * i),
};
// 4 x 2 px lie in the upper half of an 8 x 8 frame of 4 x 4 tokens, so that a token is one pixel.
const geometry = geometryOf(photo.size, { side: 8, fit: "pad" });
const part = (...kept: readonly number[]): KeptTokens => {
  const data = new Float32Array(16);
  for (const token of kept) data[token] = 1;
  return { stage: "block 0", tokens: { dims: [4, 4], data } };
};

test("pixels of kept tokens stay as they are, others are dark and grey", () => {
  const { size, pixels } = keptPicture(photo, [part(1, 4, 7)], geometry);
  expect(size).toEqual(photo.size);
  for (let pixel = 0; pixel < 8; pixel++) {
    const own = [...pixels.subarray(3 * pixel, 3 * pixel + 3)];
    const original = [...photo.pixels.subarray(3 * pixel, 3 * pixel + 3)];
    if ([1, 4, 7].includes(pixel)) expect(own).toEqual(original);
    else {
      const [red, green, blue] = original as [number, number, number];
      expect(own).toEqual(new Array(3).fill(Math.floor(0.25 * (0.299 * red + 0.587 * green + 0.114 * blue))));
    }
  }
});

test("parts stand side by side, in their order", () => {
  const { size, pixels } = keptPicture(photo, [part(0), part(3)], geometry);
  expect(size).toEqual({ height: 2, width: 16 });
  const at = (x: number) => [...pixels.subarray(3 * x, 3 * x + 3)];
  expect(at(0)).toEqual([...photo.pixels.subarray(0, 3)]);
  expect(at(4)).toEqual([255, 255, 255]);
  expect(at(12 + 3)).toEqual([...photo.pixels.subarray(9, 12)]);
  expect(at(12)).not.toEqual(at(0));
});
