import fc from "fast-check";
import { expect, test } from "vitest";
import { integer, normal, random, sampleWithoutReplacement, shuffle } from "./random.ts";

const draws = (stream: { next(): number }, n: number) => Array.from({ length: n }, () => stream.next());

test("a stream is the same whenever it is named, whatever was drawn elsewhere", () => {
  const first = draws(random(1, "clicks", 26547), 5);
  draws(random(1, "clicks", 7), 1000);
  expect(draws(random(1, "clicks", 26547), 5)).toEqual(first);
});

test("seed, use and each key make another stream", () => {
  const streams = [
    random(1, "clicks", 1),
    random(2, "clicks", 1),
    random(1, "points", 1),
    random(1, "clicks", 2),
    random(1, "clicks", "1"),
    random(1, "clicks"),
    random(1, "clicks", 1, 1),
    random(1, "click", "s", 1),
  ];
  expect(new Set(streams.map((stream) => stream.next())).size).toBe(streams.length);
});

test("streams do not change from release to release, since stored runs name them by seed", () => {
  expect(draws(random(0, "test"), 3)).toEqual([0.25044777650697125, 0.6326376215658784, 0.20581149558116096]);
});

test("a number has 53 bits and lies in [0, 1)", () => {
  const numbers = draws(random(3, "bits"), 10_000);
  expect(numbers.every((u) => u >= 0 && u < 1 && Number.isInteger(u * 2 ** 53))).toBe(true);
  expect(numbers.some((u) => !Number.isInteger(u * 2 ** 52))).toBe(true);
});

test("numbers are uniform: chi-square over 100 cells of 100,000 draws", () => {
  const cells = new Array<number>(100).fill(0);
  for (const u of draws(random(4, "uniform"), 100_000)) cells[Math.floor(u * 100)]!++;
  expect(chiSquare(cells, 1000)).toBeLessThan(149); // 99 degrees of freedom: 0.1 % lie above 148.2
});

test("neighbouring numbers are uncorrelated", () => {
  const numbers = draws(random(5, "pairs"), 100_000).map((u) => u - 0.5);
  const covariance = numbers.slice(1).reduce((sum, u, i) => sum + u * numbers[i]!, 0) / (numbers.length - 1);
  expect(Math.abs(covariance * 12)).toBeLessThan(0.0105); // 3.3 standard errors of 1 / sqrt(n)
});

test("integers stay below n and reach each value as often", () => {
  const stream = random(6, "integers");
  const cells = new Array<number>(7).fill(0);
  for (let i = 0; i < 70_000; i++) cells[integer(stream, 7)]!++;
  expect(chiSquare(cells, 10_000)).toBeLessThan(22.5); // 6 degrees of freedom, 0.1 %
});

test("an integer grows with the number drawn and a biased draw is drawn again", () => {
  const from = (...numbers: number[]) => ({ next: () => numbers.shift()! });
  expect(integer(from(0.5), 10)).toBe(5);
  expect(integer(from(0), 10)).toBe(0);
  // 2^53 = 3 * 3002399751580330 + 2: the last two values would favour nobody's third, so they are drawn again.
  expect(integer(from((2 ** 53 - 1) / 2 ** 53, 0.9), 3)).toBe(2);
  expect(integer(from((2 ** 53 - 3) / 2 ** 53), 3)).toBe(2);
});

test("an integer of no range is a bug", () => {
  for (const n of [0, -1, 1.5, Number.NaN]) expect(() => integer(random(0, "x"), n)).toThrow("whole number");
});

test("a shuffle keeps every item and leaves its argument alone", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
      const before = [...items];
      const shuffled = shuffle(random(seed, "shuffle"), items);
      expect(items).toEqual(before);
      expect(shuffled.sort((a, b) => a - b)).toEqual(before.sort((a, b) => a - b));
    }),
  );
});

test("each of the 24 orders of four items comes up as often", () => {
  const stream = random(7, "orders");
  const seen = new Map<string, number>();
  for (let i = 0; i < 24_000; i++) {
    const order = shuffle(stream, ["a", "b", "c", "d"]).join("");
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  expect(seen.size).toBe(24);
  expect(chiSquare([...seen.values()], 1000)).toBeLessThan(49.8); // 23 degrees of freedom, 0.1 %
});

test("a sample has k different indices below n", () => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), fc.integer(), (n, extra, seed) => {
      const sample = sampleWithoutReplacement(random(seed, "sample"), n + extra, n);
      expect(new Set(sample).size).toBe(n);
      expect(sample.every((index) => index >= 0 && index < n + extra)).toBe(true);
    }),
  );
});

test("each of the 20 ordered pairs out of five comes up as often", () => {
  const stream = random(8, "pairs");
  const seen = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const pair = sampleWithoutReplacement(stream, 5, 2).join();
    seen.set(pair, (seen.get(pair) ?? 0) + 1);
  }
  expect(seen.size).toBe(20);
  expect(chiSquare([...seen.values()], 1000)).toBeLessThan(43.9); // 19 degrees of freedom, 0.1 %
});

test("three pixels out of a hundred million cost three draws", () => {
  expect(sampleWithoutReplacement(random(9, "large"), 100_000_000, 3)).toHaveLength(3);
});

test("more than there are is a bug", () => {
  expect(() => sampleWithoutReplacement(random(0, "x"), 2, 3)).toThrow("cannot take 3 of 2");
});

test("normal draws have mean 0, standard deviation 1 and tails as thick as they should be", () => {
  const stream = random(10, "normal");
  const numbers = Array.from({ length: 100_000 }, () => normal(stream));
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length;
  const beyond = numbers.filter((x) => Math.abs(x) > 1.959964).length / numbers.length;
  expect(Math.abs(mean)).toBeLessThan(0.0105);
  expect(Math.abs(variance - 1)).toBeLessThan(0.015);
  expect(Math.abs(beyond - 0.05)).toBeLessThan(0.0023);
});

function chiSquare(cells: readonly number[], expected: number): number {
  return cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
