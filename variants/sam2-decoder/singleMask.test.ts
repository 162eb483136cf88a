import { expect, test } from "vitest";
import { lowResStability, singleMaskToken, withSingleMask } from "./singleMask.ts";

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

test("the chosen mask stands at token 0 with its own predicted IoU, and the other tokens stay", () => {
  const unstable = [0.01, 1];
  const logits = [...unstable, 2, 3, 4, 5, 6, 7];
  const prediction = {
    kind: "logits",
    lowResLogits: { dims: [4, 1, 2], data: Float32Array.from(logits) },
    predictedIou: Float32Array.of(0.25, 0.5, 0.875, 0.75),
  } as const;
  expect(withSingleMask(prediction)).toEqual({
    kind: "logits",
    lowResLogits: { dims: [4, 1, 2], data: Float32Array.of(4, 5, 2, 3, 4, 5, 6, 7) },
    predictedIou: Float32Array.of(0.875, 0.5, 0.875, 0.75),
  });
  const stable = { ...prediction, lowResLogits: { dims: [4, 1, 2], data: Float32Array.from([1, ...logits.slice(1)]) } };
  expect(withSingleMask(stable)).toBe(stable);
});
