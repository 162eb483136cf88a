import { expect, test } from "vitest";
import { groupsThatFit } from "./groups.ts";

const needs = new Map([
  ["sam-vit-h", 7],
  ["mobilesam", 1],
  ["sam-vit-l", 4],
  ["sam-vit-b", 2],
  ["efficientsam-s", 1],
]);

test("names that fit together are one group", () => {
  expect(groupsThatFit(needs, 15)).toEqual([[...needs.keys()]]);
});

test("groups are few, each fits, and names keep their order", () => {
  expect(groupsThatFit(needs, 8)).toEqual([
    ["sam-vit-h", "mobilesam"],
    ["sam-vit-l", "sam-vit-b", "efficientsam-s"],
  ]);
});

test("a name that exceeds the memory is a group of its own", () => {
  expect(groupsThatFit(needs, 6)).toEqual([["sam-vit-h"], ["mobilesam", "efficientsam-s"], ["sam-vit-l", "sam-vit-b"]]);
  expect(groupsThatFit(needs, 0)).toEqual([...needs.keys()].map((name) => [name]));
});

test("no name is no group", () => {
  expect(groupsThatFit(new Map(), 8)).toEqual([]);
});
