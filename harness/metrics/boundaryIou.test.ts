import { expect, test } from "vitest";
import type { PredictionRow } from "../api.ts";
import { areaOf, formatCounts, rleFromBox } from "../mask/index.ts";
import { boundaryIou, boundaryOf } from "./boundaryIou.ts";

// Diagonal 50: 2 % of it is 1 px.
const size = { height: 30, width: 40 };
const square = rleFromBox({ x0: 10, y0: 10, x1: 20, y1: 20 }, size);

test("the boundary of a square is its rim", () => {
  expect(areaOf(boundaryOf(square))).toBe(100 - 64);
});

test("the image's edge is a boundary too", () => {
  expect(areaOf(boundaryOf(rleFromBox({ x0: 0, y0: 0, x1: 40, y1: 30 }, size)))).toBe(2 * 40 + 2 * 28);
});

test("a mask thinner than the boundary is all boundary", () => {
  const thin = rleFromBox({ x0: 5, y0: 5, x1: 25, y1: 7 }, size);
  expect(areaOf(boundaryOf(thin))).toBe(areaOf(thin));
});

test("a square moved by one pixel shares two sides of its rim and no more", () => {
  const moved = rleFromBox({ x0: 11, y0: 10, x1: 21, y1: 20 }, size);
  const row: PredictionRow = {
    image: 1,
    target: 7,
    category: 1,
    prompts: "box",
    protocol: "p",
    step: 1,
    token: 1,
    predictedIou: 1,
    iou: 0.8,
    areaPx: 100,
    crowd: false,
    prompt: { points: [] },
    mask: { size, counts: formatCounts(moved) },
  };
  const annotation = {
    id: 7,
    image: 1,
    category: 1,
    mask: square,
    box: { x0: 10, y0: 10, x1: 20, y1: 20 },
    areaPx: 100,
    crowd: false,
  };
  const dataset = { categories: [], annotationsOf: () => [annotation] };
  const at = { images: [1], counts: Uint32Array.of(1) };
  const [value] = boundaryIou.fit([row], { images: [1], sizes: [], dataset })(at);
  // Top and bottom sides overlap in 9 columns each; the left side of one rim meets no pixel of the other's.
  expect(value!.value).toBeCloseTo(18 / (36 + 36 - 18), 12);
  expect(boundaryIou.fit([row], { images: [1], sizes: [] })(at)).toEqual([{ id: "boundary-iou", n: 0 }]);
});
