import { expect, test } from "vitest";
import { diverges, ErrorSum, errorOf } from "./tensorError.ts";

const floats = (...values: readonly number[]) => Float32Array.from(values);

test("the error is the largest difference over A's std, and rms the root of the mean square over it", () => {
  // A's mean is 2 and its std 1.
  const { values, max, rms, spread, notFinite } = errorOf(floats(1, 3, 1, 3), floats(1, 3.5, 1, 3));
  expect([values, max, rms, spread, notFinite]).toEqual([4, 0.5, 0.25, 1, 0]);
});

test("values far from zero keep the digits of their spread", () => {
  const far = 2 ** 18;
  expect(errorOf(floats(far, far + 2, far, far + 2), floats(far, far + 2, far, far + 3))).toMatchObject({
    max: 1,
    spread: 1,
  });
});

test("a constant's spread is its absolute value, and one of zeros has a spread of one", () => {
  expect(errorOf(floats(-4, -4), floats(-4, -3))).toMatchObject({ max: 0.25, spread: 4 });
  expect(errorOf(floats(0, 0), floats(0, 0.5))).toMatchObject({ max: 0.5, spread: 1 });
});

test("NaN and infinity that one side alone has are counted apart, and those of both are equal", () => {
  const { NaN: none, POSITIVE_INFINITY: most } = Number;
  const error = errorOf(floats(1, none, most, 3, 1, most), floats(1, none, most, none, most, -most));
  expect([error.values, error.notFinite, error.max]).toEqual([6, 3, 0]);
  expect(diverges(error, 1)).toBe(true);
  expect(diverges(errorOf(floats(most, 1), floats(most, 1)), 1e-9)).toBe(false);
});

test("a tensor in parts has the error of the whole", () => {
  const a = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));
  const b = a.map((value, i) => (i === 700 ? Number.NaN : value + 1e-3 * Math.cos(i)));
  const sum = new ErrorSum();
  for (let at = 0; at < 1000; at += 300) sum.add(a.subarray(at, at + 300), b.subarray(at, at + 300));
  const whole = errorOf(a, b);
  expect(sum.result()).toMatchObject({ values: 1000, notFinite: 1 });
  expect(sum.result().max).toBeCloseTo(whole.max, 12);
  expect(sum.result().rms).toBeCloseTo(whole.rms, 12);
});
