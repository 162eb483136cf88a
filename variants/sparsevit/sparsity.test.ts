import { expect, test } from "vitest";
import { samConfigs } from "../sam/config.ts";
import { mostTokens } from "./encoders/keptWindows.ts";
import { groupsOf, keptCount, samStages } from "./sparsity.ts";

test("windows are counted as int() counts them in floating point: 10, 25 and 100 at 0.8 leave 1, 4 and 19", () => {
  expect([10, 25, 100].map((n) => keptCount(n, 0.8))).toEqual([1, 4, 19]);
  expect([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8].map((ratio) => keptCount(25, ratio))).toEqual([
    25, 22, 20, 17, 15, 12, 10, 7, 4,
  ]);
});

test("a stage is what lies between global blocks; a ratio is for two of its blocks, a last odd one has its own", () => {
  expect(samStages(samConfigs["sam-vit-b"]).map(({ blocks }) => blocks)).toEqual([
    [0, 1],
    [3, 4],
    [6, 7],
    [9, 10],
  ]);
  expect(groupsOf(samStages(samConfigs["sam-vit-b"]), "full")).toEqual([
    [0, 1],
    [3, 4],
    [6, 7],
    [9, 10],
  ]);
  expect(groupsOf(samStages(samConfigs["sam-vit-l"]), "full").slice(0, 4)).toEqual([[0, 1], [2, 3], [4], [6, 7]]);
  expect(groupsOf(samStages(samConfigs["sam-vit-h"]), "full").slice(0, 5)).toEqual([
    [0, 1],
    [2, 3],
    [4, 5],
    [6],
    [8, 9],
  ]);
  expect(groupsOf(samStages(samConfigs["sam-nano"]), "nano")).toEqual([[0], [1], [3], [4]]);
});

test("of 64 x 64 tokens in 25 windows of 14 x 14, 16 are full, eight have 112 tokens and one has 64", () => {
  expect([12, 16, 20, 24, 25].map((count) => mostTokens(64, 14, count))).toEqual([
    12 * 196,
    16 * 196,
    16 * 196 + 4 * 112,
    16 * 196 + 8 * 112,
    4096,
  ]);
});
