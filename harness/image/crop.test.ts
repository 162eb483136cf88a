import { expect, test } from "vitest";
import { cropImage } from "./crop.ts";

const image = { size: { height: 3, width: 4 }, pixels: Uint8Array.from({ length: 36 }, (_, i) => i) };

test("a crop holds the pixels of its box, row by row", () => {
  const { size, pixels } = cropImage(image, { x0: 1, y0: 1, x1: 3, y1: 3 });
  expect(size).toEqual({ height: 2, width: 2 });
  expect([...pixels]).toEqual([15, 16, 17, 18, 19, 20, 27, 28, 29, 30, 31, 32]);
});

test("the whole image is a crop of itself", () => {
  expect(cropImage(image, { x0: 0, y0: 0, x1: 4, y1: 3 })).toEqual(image);
});

test("a box that leaves the image, is empty or cuts a pixel is a bug", () => {
  for (const box of [
    { x0: 0, y0: 0, x1: 5, y1: 3 },
    { x0: 2, y0: 0, x1: 2, y1: 3 },
    { x0: 0, y0: 0.5, x1: 4, y1: 3 },
  ])
    expect(() => cropImage(image, box)).toThrow("crop");
});
