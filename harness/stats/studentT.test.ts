import { expect, test } from "vitest";
import { studentT, studentTail } from "./studentT.ts";

test("the two-sided 5 % points are those of the published tables, and between whole degrees those of the incomplete beta function", () => {
  const published = [
    [1, 12.7062],
    [1.5, 6.01666],
    [2, 4.3027],
    [3.4, 2.98077],
    [4, 2.7764],
    [9, 2.2622],
    [39, 2.0227],
    [1e6, 1.96],
  ] as const;
  for (const [degrees, t] of published) expect(studentT(degrees, 0.05) / t).toBeCloseTo(1, 4);
});

test("the tail is the inverse of the point, to four digits", () => {
  for (const degrees of [1, 2, 3.4, 39, 1e6])
    for (const tail of [0.9, 0.2, 0.05, 0.001])
      expect(studentTail(degrees, studentT(degrees, tail))).toBeCloseTo(tail, 4);
  expect(studentTail(39, 0)).toBe(1);
  expect(studentTail(39, 1e6)).toBeLessThan(1e-12);
});

test("less than one degree of freedom is a bug", () => {
  for (const degrees of [0.5, 0, Number.NaN]) expect(() => studentT(degrees, 0.05)).toThrow("one degree");
});
