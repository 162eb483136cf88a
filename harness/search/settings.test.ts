import { expect, test } from "vitest";
import { searchSettings } from "./settings.ts";

const flags = {
  latency: 0.75,
  latencyFrom: undefined,
  population: undefined,
  generations: undefined,
  images: undefined,
  exhaustive: false,
};

test("what is left out is filled in: a tenth below the bound, and half of the images, rounded up", () => {
  const { latency, images } = searchSettings(flags, 5);
  expect(latency.from).toBeCloseTo(0.65, 12);
  expect(images).toBe(3);
});

test("the lower bound is never below nothing", () => {
  expect(searchSettings({ ...flags, latency: 0.05 }, 4).latency).toEqual({ from: 0, to: 0.05 });
});

test.each([
  ["bounds that are no range", { latencyFrom: 0.8 }, 4, "--latency: the bounds are no range (found 0.8 to 0.75"],
  ["a single image", {}, 1, "search: at least two images are needed"],
  ["a generation of one", { population: 1 }, 4, "--population: must be a whole number (found 1, expected at least 2)"],
  ["half a generation", { generations: 0.5 }, 4, "--generations: must be a whole number (found 0.5"],
])("%s is refused", (_, given, images, message) => {
  expect(() => searchSettings({ ...flags, ...given }, images)).toThrow(message);
});
