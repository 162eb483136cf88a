import { expect, test } from "vitest";
import { batchesOf, promptsACall } from "./batches.ts";

test.each([
  ["a full-size decoder takes few prompts a call", { places: 64 * 64, provider: "cpu", sifts: false }, 4],
  ["so does one in a page", { places: 64 * 64, provider: "wasm", sifts: false }, 4],
  ["a small one takes more", { places: 32 * 32, provider: "cpu", sifts: false }, 16],
  ["a tiny one takes no more than that", { places: 16, provider: "cpu", sifts: false }, 16],
  ["an image of many tokens takes one", { places: 256 * 256, provider: "cpu", sifts: false }, 1],
  ["a decoder that sifts takes many", { places: 64 * 64, provider: "cpu", sifts: true }, 16],
  ["a device takes many", { places: 64 * 64, provider: "cuda", sifts: false }, 16],
])("%s", (_, called, expected) => {
  expect(promptsACall(called)).toBe(expected);
});

test("prompts of one shape go together, a few at a time, and keep their places", () => {
  const batches = batchesOf(["a", "bb", "c", "d", "ee"], { most: 2, shapeOf: (prompt) => String(prompt.length) });
  expect(batches.map((batch) => batch.map(({ index }) => index))).toEqual([[0, 2], [3], [1, 4]]);
});
