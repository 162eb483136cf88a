import { expect, test } from "vitest";
import { rleFromBox, rleFromCounts } from "./index.ts";
import { epsilonIou, plainIou } from "./overlap.ts";

const size = { height: 4, width: 5 };
const left = rleFromBox({ x0: 0, y0: 0, x1: 3, y1: 4 }, size);
const right = rleFromBox({ x0: 2, y0: 0, x1: 5, y1: 4 }, size);
const empty = rleFromCounts([20], size);

test("plain IoU is 4 px of 20, and 1 for equal masks", () => {
  expect(plainIou(left, right)).toBe(4 / 20);
  expect(plainIou(left, left)).toBe(1);
});

test("with 1e-7 px in the union, equal masks stay below 1", () => {
  expect(epsilonIou(left, right)).toBe(4 / (20 + 1e-7));
  expect(epsilonIou(left, left)).toBe(12 / (12 + 1e-7));
  expect(epsilonIou(left, left)).toBeLessThan(1);
});

test("an empty mask has an IoU of 0 with one that is not, and none with another empty one but by the rule with 1e-7 px", () => {
  expect(plainIou(empty, left)).toBe(0);
  expect(plainIou(empty, empty)).toBeUndefined();
  expect(epsilonIou(empty, empty)).toBe(0);
});
