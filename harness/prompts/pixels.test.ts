import fc from "fast-check";
import { expect, test } from "vitest";
import type { Rle, Target } from "../api.ts";
import { areaOf, encodeRle, rleFromCounts } from "../mask/index.ts";
import { hasPixels, isInside, maskOf, pixelsAt } from "./pixels.ts";

const masks = fc
  .record({ height: fc.integer({ min: 1, max: 9 }), width: fc.integer({ min: 1, max: 9 }) })
  .chain((size) => {
    const length = size.height * size.width;
    return fc
      .uint8Array({ minLength: length, maxLength: length, max: 1 })
      .map((bitmap) => ({ bitmap, mask: encodeRle(bitmap, size) }));
  });

const target = (mask?: Rle): Target => ({
  id: 5,
  image: 1,
  category: 1,
  areaPx: 4,
  crowd: false,
  box: { x0: 0, y0: 0, x1: 2, y1: 2 },
  mask,
});

test("the pixels of a mask, asked for by place, are those inside it, each once, down the columns", () => {
  fc.assert(
    fc.property(masks, ({ bitmap, mask }) => {
      const { height, width } = mask.size;
      const inside = Array.from({ length: width * height }, (_, i) => ({ x: Math.floor(i / height), y: i % height }));
      const expected = inside.filter(({ x, y }) => bitmap[y * width + x] === 1);
      expect(pixelsAt(mask, [...expected.keys()])).toEqual(expected);
      expect(inside.filter((pixel) => isInside(mask, pixel))).toEqual(expected);
    }),
  );
});

test("pixels come in the order asked for", () => {
  const mask = rleFromCounts([1, 2, 0, 1, 2], { height: 3, width: 2 });
  expect(pixelsAt(mask, [2, 0, 2])).toEqual([
    { x: 1, y: 0 },
    { x: 0, y: 1 },
    { x: 1, y: 0 },
  ]);
});

test("a pixel beyond the mask's area is a bug", () => {
  const mask = rleFromCounts([1, 3], { height: 2, width: 2 });
  expect(() => pixelsAt(mask, [areaOf(mask)])).toThrow("pixel 3 of a mask of 3 px");
});

test("a detector's box has no mask to draw from, an empty mask no pixel", () => {
  expect(() => maskOf(target())).toThrow("target 5: no mask to draw prompts from");
  expect(hasPixels(target())).toBe(false);
  expect(hasPixels(target(rleFromCounts([4], { height: 2, width: 2 })))).toBe(false);
  expect(hasPixels(target(rleFromCounts([3, 1], { height: 2, width: 2 })))).toBe(true);
});
