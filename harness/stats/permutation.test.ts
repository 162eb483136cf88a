import { expect, test } from "vitest";
import { holm, permutationP } from "./permutation.ts";
import { normal, random } from "./random.ts";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

/** The mean of the images' differences, each with its sign turned where its results changed places. */
const meanOf = (differences: readonly number[]) => (exchanged: Uint8Array) =>
  differences.reduce((sum, each, i) => sum + (exchanged[i] === 1 ? -each : each), 0) / differences.length;

test("few images: every exchange is tried and p is exact", () => {
  // Of the 8 sign patterns of 1, 2 and 3 only +++ and --- reach a sum of 6.
  expect(permutationP(meanOf([1, 2, 3]), 3, { seed: 0 })).toBe(2 / 8);
  // 1 + 2 - 3 = 0: every pattern is at least as far from 0.
  expect(permutationP(meanOf([1, 2, -3]), 3, { seed: 0 })).toBe(1);
});

test("drawn exchanges come close to the exact p", () => {
  const differences = range(10).map((i) => 0.4 + Math.sin(i));
  const exact = permutationP(meanOf(differences), 10, { seed: 0, draws: 1024 })!;
  const drawn = permutationP(meanOf(differences), 10, { seed: 0, draws: 1000 })!;
  expect(exact * 1024).toBe(Math.round(exact * 1024));
  expect(drawn).not.toBe(exact);
  expect(Math.abs(drawn - exact)).toBeLessThan(3 * Math.sqrt((exact * (1 - exact)) / 1000));
});

test("no difference at all has p = 1, and p is never 0", () => {
  expect(permutationP(() => 0, 40, { seed: 0 })).toBe(1);
  expect(permutationP(meanOf(range(40).map(() => 1)), 40, { seed: 0, draws: 500 })).toBe(1 / 501);
});

test("a difference without a value has no p", () => {
  expect(permutationP(() => undefined, 5, { seed: 0 })).toBeUndefined();
});

test("where there is no difference, 5 % of p values lie below 0.05", () => {
  const ps = range(1000).map((seed) => {
    const stream = random(seed, "simulation");
    return permutationP(meanOf(range(20).map(() => normal(stream))), 20, { seed, draws: 99 })!;
  });
  const share = ps.filter((p) => p <= 0.05).length / 1000;
  expect(share).toBeGreaterThan(0.03);
  expect(share).toBeLessThan(0.07);
});

test("Holm's p values, by hand", () => {
  // Sorted: 0.01 · 4, 0.02 · 3, 0.03 · 2 and 0.04 · 1, the last two raised to what stands before them.
  expect(holm([0.04, 0.01, 0.03, 0.02])).toEqual([0.06, 0.04, 0.06, 0.06]);
  expect(holm([0.9, 0.6])).toEqual([1, 1]);
  expect(holm([0.03])).toEqual([0.03]);
  expect(holm([])).toEqual([]);
});
