import { expect, test } from "vitest";
import { intervalText } from "./intervalText.ts";

test("a symmetric interval is printed as half its width", () => {
  expect(intervalText({ value: 42, low: 41.7, high: 42.3 }, 1)).toBe("42.0 ±0.3");
  // 0.34 and 0.36 print alike.
  expect(intervalText({ value: 42, low: 41.66, high: 42.36 }, 1)).toMatch(/^42\.0 ±0\.[34]$/);
});

test("a skewed interval is printed as its bounds, so that none of what is printed can not be", () => {
  expect(intervalText({ value: 12.9, low: 0, high: 34.2 }, 1)).toBe("12.9 [0.0, 34.2]");
  expect(intervalText({ value: 97.25, low: 91.5, high: 100 }, 2)).toBe("97.25 [91.50, 100.00]");
});

test("a figure without bounds is printed alone", () => {
  expect(intervalText({ value: 42 }, 1)).toBe("42.0");
});
