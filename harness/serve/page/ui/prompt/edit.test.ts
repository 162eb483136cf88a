import { expect, test } from "vitest";
import {
  boxBetween,
  isEmpty,
  isInside,
  nearestPoint,
  noPrompt,
  pixelAt,
  stepOf,
  withBox,
  withoutPoint,
  withPoint,
} from "./edit.ts";

const size = { height: 30, width: 40 };
const box = { x0: 2, y0: 3, x1: 10, y1: 12 };
const two = withPoint(withPoint(noPrompt, { x: 5, y: 6, label: 1 }), { x: 20, y: 6, label: 0 });

test("a place names the pixel that holds it, and the border's where it lies outside", () => {
  expect(pixelAt({ x: 5.99, y: 6 }, size)).toEqual({ x: 5, y: 6 });
  expect(pixelAt({ x: 40, y: -3 }, size)).toEqual({ x: 39, y: 0 });
});

test("a box goes from corner to corner whichever is first, and holds at least one pixel", () => {
  expect(boxBetween({ x: 9.6, y: 12.2 }, { x: 2.4, y: -5 }, size)).toEqual({ x0: 2, y0: 0, x1: 10, y1: 12 });
  expect(boxBetween({ x: 9.6, y: 12 }, { x: 10.4, y: 20 }, size)).toBeUndefined();
});

test("the nearest point is found by its pixel's centre, within a distance", () => {
  expect(nearestPoint(two, { x: 19, y: 6.5 }, 2)).toBe(1);
  expect(nearestPoint(two, { x: 12, y: 6.5 }, 2)).toBeUndefined();
  expect(nearestPoint(noPrompt, { x: 12, y: 6.5 }, 2)).toBeUndefined();
});

test("a point is taken out, and the others keep their order", () => {
  expect(withoutPoint(two, 0).points).toEqual([{ x: 20, y: 6, label: 0 }]);
});

test("a box counts as one step, and replaces the box before", () => {
  expect(stepOf(noPrompt)).toBe(0);
  expect(stepOf(two)).toBe(2);
  const boxed = withBox(withBox(two, { ...box, x1: 11 }), box);
  expect(stepOf(boxed)).toBe(3);
  expect(boxed.box).toEqual(box);
  expect(isEmpty(withBox(noPrompt, box))).toBe(false);
});

test("a prompt lies inside a photo up to its last pixel, a box up to its border", () => {
  expect(isInside(withPoint(noPrompt, { x: 39, y: 29, label: 1 }), size)).toBe(true);
  expect(isInside(withPoint(noPrompt, { x: 40, y: 0, label: 1 }), size)).toBe(false);
  expect(isInside(withBox(noPrompt, { x0: 0, y0: 0, x1: 40, y1: 30 }), size)).toBe(true);
  expect(isInside(withBox(noPrompt, { x0: 0, y0: 0, x1: 41, y1: 30 }), size)).toBe(false);
});
