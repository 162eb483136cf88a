import { expect, test } from "vitest";
import { twoModes } from "./modes.ts";
import { normal, random } from "./random.ts";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

test("two groups are told with their medians and shares", () => {
  const samples = range(20).map((i) => (i % 5 < 3 ? 4 : 7) + 0.1 * Math.sin(i));
  const { low, high, lowShare } = twoModes(samples)!;
  expect([low, high]).toEqual([expect.closeTo(4, 0), expect.closeTo(7, 0)]);
  expect(lowShare).toBe(0.6);
});

test("one group, a drift, few slow samples and too few samples are not two", () => {
  expect(twoModes(range(20).map((i) => 5 + 0.1 * i))).toBeUndefined();
  expect(twoModes([...range(18).map((i) => 5 + 0.01 * i), 9, 9.1])).toBeUndefined();
  expect(twoModes([4, 4, 4, 7, 7, 7])).toBeUndefined();
  expect(twoModes(range(20).map(() => 5))).toBeUndefined();
  expect(twoModes(range(20).map((i) => (i % 2 === 0 ? 5 : 5.2)))).toBeUndefined();
});

test("of a thousand normal samples of twenty, at most ten are called two groups", () => {
  const called = range(1000).filter((seed) => {
    const stream = random(seed, "modes");
    return twoModes(range(20).map(() => 100 + 30 * normal(stream))) !== undefined;
  });
  expect(called.length).toBeLessThanOrEqual(10);
});
