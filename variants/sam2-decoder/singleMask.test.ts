import { expect, test } from "vitest";
import { lowResStability, singleMaskToken } from "./singleMask.ts";

test("stability counts logits over 0.05 and over -0.05, and a mask of none is stable", () => {
  expect(lowResStability(Float32Array.of(1, 0.06, 0.04, -0.04, -1))).toBe(0.5);
  // Neither threshold is over itself.
  expect(lowResStability(Float32Array.of(0.05, 1))).toBe(0.5);
  expect(lowResStability(Float32Array.of(-0.05, 1))).toBe(1);
  expect(lowResStability(Float32Array.of(-1, -2))).toBe(1);
});

test("a stable token 0 is the single mask, whatever the others promise", () => {
  expect(singleMaskToken(0.98, [0.1, 0.9, 0.8, 0.7])).toBe(0);
});

test("else the single mask is the most confident of the other three, the first of equals", () => {
  expect(singleMaskToken(0.979, [0.9, 0.1, 0.3, 0.2])).toBe(2);
  expect(singleMaskToken(0.979, [0.9, 0.1, 0.3, 0.3])).toBe(2);
});
