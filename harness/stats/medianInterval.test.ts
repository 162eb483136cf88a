import { expect, test } from "vitest";
import { medianInterval } from "./medianInterval.ts";
import { normal, random } from "./random.ts";

const oneTo = (n: number) => Array.from({ length: n }, (_, i) => n - i);

test.each([
  [6, 1, 6],
  [9, 2, 8],
  [20, 6, 15],
  [60, 22, 39],
])("of %i samples the interval is from the %i-th to the %i-th", (n, low, high) => {
  // Ranks of the table in Conover 1999, A3, for p = 0.5.
  expect(medianInterval(oneTo(n))).toEqual({ low, high });
});

test("few samples have the widest interval that there is", () => {
  expect(medianInterval([3, 1, 2])).toEqual({ low: 1, high: 3 });
  expect(medianInterval([7])).toEqual({ low: 7, high: 7 });
  expect(() => medianInterval([])).toThrow("median of no samples");
});

test("it holds the median of what is drawn in about 95 % of cases", () => {
  const stream = random(1, "median interval");
  let held = 0;
  for (let i = 0; i < 2000; i++) {
    const { low, high } = medianInterval(Array.from({ length: 20 }, () => Math.exp(normal(stream))));
    if (low <= 1 && 1 <= high) held++;
  }
  expect(held / 2000).toBeGreaterThan(0.94);
  expect(held / 2000).toBeLessThan(0.98);
});
