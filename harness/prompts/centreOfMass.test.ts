import { expect, test } from "vitest";
import type { Rle, Target } from "../api.ts";
import { encodeRle, parseCounts, rleFromCounts } from "../mask/index.ts";
import { random } from "../stats/random.ts";
import { centreOfMass } from "./centreOfMass.ts";
import golden from "./fixtures/centre_of_mass.json" with { type: "json" };

function pointOf(mask: Rle): unknown {
  const target: Target = {
    id: 5,
    image: 1,
    category: 1,
    areaPx: 4,
    crowd: false,
    box: { x0: 0, y0: 0, x1: 1, y1: 1 },
    mask,
  };
  return centreOfMass.prompts(target, random(0, "mass")).next().value?.points;
}

/** A mask of the rectangles given by their first and last column and row. */
function rectangles(
  height: number,
  width: number,
  ...parts: readonly (readonly [number, number, number, number])[]
): Rle {
  const bitmap = new Uint8Array(height * width);
  for (const [left, right, top, bottom] of parts) {
    for (let y = top; y <= bottom; y++) bitmap.fill(1, y * width + left, y * width + right + 1);
  }
  return encodeRle(bitmap, { height, width });
}

test("on real masks the point is that of segment-anything-fast's rule, run once with numpy", () => {
  expect(golden.filter(({ fallback }) => fallback).length).toBe(12);
  for (const { rle, x, y } of golden) {
    const mask = parseCounts(rle.counts, { height: rle.size[0]!, width: rle.size[1]! });
    expect(pointOf(mask)).toEqual([{ x, y, label: 1 }]);
  }
});

test("a centre between two pixels goes to the even one", () => {
  expect(pointOf(rectangles(3, 6, [1, 2, 1, 1]))).toEqual([{ x: 2, y: 1, label: 1 }]);
  expect(pointOf(rectangles(3, 6, [2, 3, 1, 1]))).toEqual([{ x: 2, y: 1, label: 1 }]);
});

test("where the centre lies outside, the pixel with most of the mask on all four sides is taken, the first among equals", () => {
  // Bars of 5 × 3 left and right of a gap. The middle row of each has 1 px above and below: of its pixels the first with 1 px at its left.
  expect(pointOf(rectangles(5, 15, [0, 4, 1, 3], [10, 14, 1, 3]))).toEqual([{ x: 1, y: 2, label: 1 }]);
});

test("the first pixel with 20 px on all four sides is taken, though a later one has more", () => {
  // Left a square of 41 px, whose centre alone has 20; right one of 61 px, whose centre has 30.
  const mask = rectangles(70, 200, [0, 40, 0, 40], [130, 190, 0, 60]);
  expect(pointOf(mask)).toEqual([{ x: 20, y: 20, label: 1 }]);
  // One less, and the search goes on to the first of the right one that has 20.
  expect(pointOf(rectangles(70, 200, [0, 39, 0, 39], [130, 190, 0, 60]))).toEqual([{ x: 150, y: 20, label: 1 }]);
});

test("a mask without a pixel has no centre", () => {
  expect(() => pointOf(rleFromCounts([12], { height: 3, width: 4 }))).toThrow("a mask without a pixel");
});
