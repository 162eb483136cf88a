import { expect, test } from "vitest";
import { shortNames } from "./shortNames.ts";

test("what all methods run on, and an ending that models share, are left out", () => {
  const names = [
    "sam-nano",
    "mobilesam-nano",
    "ptq4sam/sam-nano/w8a8",
    "sam-fast/sam-nano",
    "sam-fast/sam-nano/per-token",
  ];
  expect(shortNames(names)).toEqual(["sam", "mobilesam", "ptq4sam/w8a8", "sam-fast", "sam-fast/per-token"]);
});

test("names that would be alike stay whole, and so do those of two bases", () => {
  expect(shortNames(["sam-fast", "sam-nano", "sam-fast/sam-nano"])).toEqual([
    "sam-fast",
    "sam-nano",
    "sam-fast/sam-nano",
  ]);
  const two = ["sam-vit-b", "sam-vit-h", "evit/sam-vit-b", "evit/sam-vit-h"];
  expect(shortNames(two)).toEqual(two);
  expect(shortNames(["sam-nano"])).toEqual(["sam-nano"]);
});
