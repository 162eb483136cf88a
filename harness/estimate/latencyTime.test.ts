import { expect, test } from "vitest";
import { expectedGroups, type LatencyCost, latencySeconds, roundsWithin, sumOf } from "./latencyTime.ts";

const cost = (turnSeconds: number, loadSeconds: number, memoryBytes: number): LatencyCost => ({
  turnSeconds,
  loadSeconds,
  memoryBytes,
});
const costs = new Map([
  ["vit-h", cost(10, 4, 6e9)],
  ["vit-b", cost(2, 1, 1.5e9)],
  ["mobilesam", cost(0.5, 1, 0.5e9)],
]);

test("variants that fit are loaded once and take each round in turn", () => {
  const groups = expectedGroups(costs, 10e9);
  expect(groups).toEqual([["vit-h", "vit-b", "mobilesam"]]);
  const seconds = latencySeconds(costs, groups, { warmup: 3, rounds: 20 });
  expect(Object.fromEntries(seconds)).toEqual({ "vit-h": 4 + 230, "vit-b": 1 + 46, mobilesam: 1 + 11.5 });
});

test("groups are loaded and warmed up for each block, but for the one that stays loaded in the middle", () => {
  const groups = expectedGroups(costs, 7e9);
  expect(groups).toEqual([["vit-h", "mobilesam"], ["vit-b"]]);
  // Two cycles of two rounds: one group is loaded twice and warms up 3 + 1 times, the other once, 3 times.
  const seconds = latencySeconds(costs, groups, { warmup: 3, rounds: 4 });
  const twice = { "vit-h": 8 + 80, mobilesam: 2 + 4, "vit-b": 2 + 16 };
  const once = { "vit-h": 4 + 70, mobilesam: 1 + 3.5, "vit-b": 1 + 14 };
  const found = Object.fromEntries(seconds);
  expect([
    { "vit-h": twice["vit-h"], mobilesam: twice.mobilesam, "vit-b": once["vit-b"] },
    { "vit-h": once["vit-h"], mobilesam: once.mobilesam, "vit-b": twice["vit-b"] },
  ]).toContainEqual(found);
});

test("as many rounds are taken as the time leaves, from the least to those of the plan", () => {
  const within = (seconds: number, memoryBytes: number) =>
    roundsWithin(seconds, { costs, groups: expectedGroups(costs, memoryBytes), warmup: 1, rounds: 20, least: 4 });
  const together = (rounds: number) => sumOf(latencySeconds(costs, expectedGroups(costs, 10e9), { warmup: 1, rounds }));
  expect(within(1e6, 10e9)).toBe(20);
  expect(within(together(9), 10e9)).toBe(9);
  expect(within(together(9) - 1, 10e9)).toBe(8);
  expect(within(-1, 10e9)).toBe(4);
});

test("in groups the rounds that a limit leaves are even", () => {
  const groups = expectedGroups(costs, 7e9);
  const options = { costs, groups, warmup: 1, rounds: 21, least: 4 };
  const seconds = (rounds: number) => sumOf(latencySeconds(costs, groups, { warmup: 1, rounds }));
  expect(roundsWithin(seconds(10), options)).toBe(10);
  expect(roundsWithin(seconds(10) - 0.1, options)).toBe(8);
  expect(roundsWithin(seconds(21), options)).toBe(21);
});
