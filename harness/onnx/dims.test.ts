import fc from "fast-check";
import { expect, test } from "vitest";
import type { Dim } from "../api.ts";
import { addDims, broadcastDims, evaluateDim, product, quotient } from "./dims.ts";

test("sums keep one symbol and its scale", () => {
  expect(addDims(2, 3)).toBe(5);
  expect(addDims("points", 5)).toBe("points+5");
  expect(addDims(5, "points+5")).toBe("points+10");
  expect(addDims("points", "7*points+1")).toBe("8*points+1");
  expect(addDims("points+5", -5)).toBe("points");
});

test("sums of two symbols, and those that could become negative, are refused", () => {
  expect(() => addDims("points", "prompts")).toThrow("dimension points + prompts has two symbols");
  expect(() => addDims("points", -1)).toThrow("points");
});

test("products distribute over the offset", () => {
  expect(product([])).toBe(1);
  expect(product([2, 3, 4])).toBe(24);
  expect(product([8, "points+5"])).toBe("8*points+40");
  expect(product(["2*points+1", 3, 2])).toBe("12*points+6");
  expect(product([0, "points"])).toBe(0);
  expect(() => product(["points", "prompts"])).toThrow("two symbols");
});

test("a quotient cancels equal dimensions, symbols included", () => {
  expect(quotient([6, 4], [3])).toBe(8);
  expect(quotient(["prompts", "points+5", 64], ["prompts", 4, 16])).toBe("points+5");
  expect(quotient(["prompts", "8*points+40", 64], ["prompts", 8, 64])).toBe("points+5");
  expect(quotient(["prompts", "points"], ["prompts", "points"])).toBe(1);
});

test("a quotient that is not whole, or leaves two symbols, is refused", () => {
  expect(() => quotient([7], [2])).toThrow("[7] does not divide by [2]");
  expect(() => quotient(["points+5"], [5])).toThrow("does not divide");
  expect(() => quotient(["prompts", "points"], [2])).toThrow("more than one symbol is left");
  expect(() => quotient([4], ["points"])).toThrow("more than one symbol is left");
  expect(() => quotient([4], [0])).toThrow("does not divide");
});

test("a dimension needs a value for its symbol, and has to be a linear form", () => {
  expect(evaluateDim(7, {})).toBe(7);
  expect(evaluateDim("8*points+40", { points: 3 })).toBe(64);
  expect(() => evaluateDim("points", { prompts: 1 })).toThrow("dimension points needs a value for points");
  expect(() => evaluateDim("points*points", { points: 1 })).toThrow("no linear form");
});

test("broadcasting aligns at the last axis, and stretches only ones", () => {
  expect(broadcastDims([4, 1, 3], [2, 1])).toEqual([4, 2, 3]);
  expect(broadcastDims([], [2, 3])).toEqual([2, 3]);
  expect(broadcastDims(["prompts", 1, 8], ["points", 1])).toEqual(["prompts", "points", 8]);
  expect(() => broadcastDims([2, 3], [2])).toThrow("[2,3] and [2] do not broadcast");
  expect(() => broadcastDims(["points"], [4])).toThrow("do not broadcast");
});

const linear = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 50 }))
  .map(([scale, offset]): Dim => addDims(product([scale, "points"]), offset));
const whole = fc.integer({ min: 1, max: 30 });

test("dimensions compute as the numbers that they stand for", () => {
  fc.assert(
    fc.property(linear, fc.oneof(linear, whole), whole, whole, (a, b, factor, points) => {
      const at = (dim: Dim) => evaluateDim(dim, { points });
      expect(at(addDims(a, b))).toBe(at(a) + at(b));
      expect(at(product([factor, a]))).toBe(factor * at(a));
      expect(quotient([product([factor, a]), 12], [factor, 3, 4])).toBe(a);
    }),
  );
});
