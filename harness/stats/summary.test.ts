import fc from "fast-check";
import { expect, test } from "vitest";
import { latencySummary, mean, median, quantile, samplesForQuantile, standardDeviation } from "./summary.ts";

test("the median is the middle sample, or the mean of the two in the middle", () => {
  expect(median([30, 10, 20])).toBe(20);
  expect(median([40, 10, 20, 30])).toBe(25);
  expect(median([7])).toBe(7);
});

test("quartiles are those of numpy.quantile", () => {
  // numpy.quantile([1, 2, 4, 8, 16, 32], [0.25, 0.75, 0.9]) = 2.5, 14, 24
  const samples = [32, 1, 16, 2, 8, 4];
  expect(quantile(samples, 0.25)).toBe(2.5);
  expect(quantile(samples, 0.75)).toBe(14);
  expect(quantile(samples, 0.9)).toBe(24);
  expect(quantile(samples, 0)).toBe(1);
  expect(quantile(samples, 1)).toBe(32);
});

test("a quantile grows with p and stays between the least and the largest sample", () => {
  const samples = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 });
  fc.assert(
    fc.property(
      samples,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (x, p, q) => {
        const low = quantile(x, Math.min(p, q));
        const high = quantile(x, Math.max(p, q));
        expect(low).toBeLessThanOrEqual(high + 1e-6);
        expect(low).toBeGreaterThanOrEqual(Math.min(...x));
        expect(high).toBeLessThanOrEqual(Math.max(...x) + 1e-6);
      },
    ),
  );
});

test("numbers are sorted as numbers", () => {
  expect(median([9, 10, 100])).toBe(10);
});

test("samples are left in their order, which is the order of measuring", () => {
  const samples = [3, 1, 2];
  latencySummary(samples);
  expect(samples).toEqual([3, 1, 2]);
});

test("mean and standard deviation by hand", () => {
  expect(mean([2, 4, 4, 4, 5, 5, 7, 9])).toBe(5);
  expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(Math.sqrt(32 / 7), 12);
});

test("no samples are no number", () => {
  expect(latencySummary([])).toBeUndefined();
  expect(() => median([])).toThrow("no samples");
  expect(() => mean([])).toThrow("no samples");
  expect(() => standardDeviation([1])).toThrow("fewer than two");
});

test("p90 takes 64 samples and p99 takes 662", () => {
  expect(samplesForQuantile(0.9)).toBe(64);
  expect(samplesForQuantile(0.99)).toBe(662);
});

test("a latency summary has only the quantiles that its n allows", () => {
  const counting = (n: number) => Array.from({ length: n }, (_, i) => i);
  expect(latencySummary(counting(5))).toEqual({ median: 2, q1: 1, q3: 3, middleMean: 2, n: 5 });
  expect(latencySummary(counting(63))).toEqual({ median: 31, q1: 15.5, q3: 46.5, middleMean: 31, n: 63 });
  expect(latencySummary(counting(101))).toEqual({ median: 50, q1: 25, q3: 75, middleMean: 50, n: 101, p90: 90 });
  expect(latencySummary(counting(701))).toEqual({
    median: 350,
    q1: 175,
    q3: 525,
    middleMean: 350,
    n: 701,
    p90: 630,
    p99: 693,
  });
});

test("the mean of the middle half leaves out a quarter of the samples at each end, rounded down", () => {
  expect(latencySummary([100, 1, 2, 3])?.middleMean).toBe(2.5);
  expect(latencySummary([0, 10, 20, 30, 40, 50, 1000])?.middleMean).toBe(30);
  expect(latencySummary([1, 2, 6])?.middleMean).toBe(3);
});
