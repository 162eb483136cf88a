import { expect, test } from "vitest";
import { normal, random } from "./random.ts";
import { chanceRatio, ratioOfMedians } from "./ratio.ts";

test("the ratio is that of the medians, whatever the rounds say", () => {
  const { value } = ratioOfMedians({ a: [1, 2, 9], b: [8, 4, 6], paired: true }, 0);
  expect(value).toBe(3);
});

test("what the rounds share is no part of a paired interval, and all of one apart", () => {
  const stream = random(1, "rounds");
  const a = Array.from({ length: 30 }, () => 100 + 10 * normal(stream));
  const b = a.map((sample) => 1.2 * sample);
  const paired = ratioOfMedians({ a, b, paired: true }, 0);
  const apart = ratioOfMedians({ a, b, paired: false }, 0);
  expect(paired.high! - paired.low!).toBeLessThan(1e-9);
  expect(apart.low!).toBeLessThan(1.18);
  expect(apart.high!).toBeGreaterThan(1.22);
});

test("one sample of a side has a ratio and no bounds, and no chance to differ from itself", () => {
  expect(ratioOfMedians({ a: [2], b: [3], paired: true }, 0)).toEqual({ value: 1.5 });
  expect(chanceRatio([2], 0)).toBeUndefined();
});

test("equal samples do not differ by chance, and spread ones by less than their spread", () => {
  expect(chanceRatio([5, 5, 5], 0)).toBe(0);
  const found = chanceRatio([90, 95, 100, 105, 110], 0)!;
  expect(found).toBeGreaterThan(0);
  expect(found).toBeLessThan(0.25);
});
