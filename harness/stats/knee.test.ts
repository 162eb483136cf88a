import { expect, test } from "vitest";
import { highestOf, kneeOf } from "./knee.ts";

const curve = (...values: readonly (readonly [x: number, y: number])[]) => values.map(([x, y]) => ({ x, y }));

test("the knee is the point farthest above the chord, both axes scaled to one", () => {
  // Heights above the chord: 0, 0.6 - 0.25, 0.9 - 0.5, 0.95 - 0.75, 0.
  expect(kneeOf(curve([0, 10], [1, 16], [2, 19], [3, 19.5], [4, 20]))).toBe(2);
});

test("the values' units do not matter", () => {
  expect(kneeOf(curve([0, 0], [1000, 6e-6], [2000, 9e-6], [3000, 9.5e-6], [4000, 1e-5]))).toBe(2);
});

test("a straight line has no knee, nor has one that bends by less than a tenth of its height", () => {
  expect(kneeOf(curve([1, 1], [2, 2], [3, 3], [4, 4]))).toBeUndefined();
  expect(kneeOf(curve([0, 0], [1, 0.59], [2, 1]))).toBeUndefined();
  expect(kneeOf(curve([0, 0], [1, 0.61], [2, 1]))).toBe(1);
});

test("a curve that bends upwards has no knee", () => {
  expect(kneeOf(curve([1, 1], [2, 1.1], [3, 1.5], [4, 4]))).toBeUndefined();
});

test("what comes behind the highest point does not count", () => {
  const rising = curve([1, 0], [2, 6], [3, 9], [5, 10]);
  expect(kneeOf([...rising, ...curve([8, 4], [16, 2])])).toBe(kneeOf(rising));
  expect(highestOf([...rising, ...curve([8, 4])])).toBe(3);
});

test("a curve that falls, and one that rises over two points, have no knee", () => {
  expect(kneeOf(curve([1, 5], [2, 4], [3, 1]))).toBeUndefined();
  expect(kneeOf(curve([1, 5], [2, 6], [3, 1]))).toBeUndefined();
  expect(kneeOf([])).toBeUndefined();
  expect(highestOf(curve([1, 5], [2, 4]))).toBeUndefined();
});
