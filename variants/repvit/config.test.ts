import { expect, test } from "vitest";
import { type RepVitConfig, repVitBlocks, squeezedWidth } from "./config.ts";

const config: RepVitConfig = {
  side: 64,
  widths: [8, 16, 24, 32],
  depths: [3, 2, 5, 2],
  lastStride: 1,
  branches: "norm in each branch",
};

test("squeeze-excite follows every other block of a stage, from the first on, and never its last one", () => {
  const excited = repVitBlocks(config).filter(({ excites }) => excites);
  expect(excited.map(({ stage, index }) => [stage, index])).toEqual([
    [0, 1],
    [1, 5],
    [2, 8],
    [2, 10],
    [3, 14],
  ]);
});

test("a block before each stage but the first changes the size; the last of them as the config says", () => {
  const changing = (lastStride: 1 | 2) =>
    repVitBlocks({ ...config, lastStride })
      .filter(({ kind }) => kind === "changes size")
      .map(({ index, inputs, width, stride }) => [index, inputs, width, stride]);
  expect(changing(1)).toEqual([
    [4, 8, 16, 2],
    [7, 16, 24, 2],
    [13, 24, 32, 1],
  ]);
  expect(changing(2).at(-1)).toEqual([13, 24, 32, 2]);
});

test("squeeze-excite's reduced width is a quarter, rounded to a multiple of 8", () => {
  const widths = { 8: 8, 48: 16, 80: 24, 96: 24, 160: 40, 192: 48, 320: 80, 384: 96, 640: 160 };
  for (const [channels, reduced] of Object.entries(widths)) expect(squeezedWidth(Number(channels))).toBe(reduced);
});
