import { expect, test } from "vitest";
import { isRun, nestedOrder } from "./tokenOrder.ts";

test("tokens lie in quarters of the coarsest grid's cells", () => {
  expect(nestedOrder(2, 2)).toEqual([0, 1, 2, 3]);
  expect(nestedOrder(4, 2)).toEqual([0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]);
});

test("four tokens in a row are the four of one token of the coarser grid, at the same place", () => {
  const coarse = nestedOrder(8, 4);
  for (const [i, token] of nestedOrder(16, 4).entries()) {
    const row = Math.floor(token / 16 / 2);
    const column = Math.floor((token % 16) / 2);
    expect(coarse[i >> 2]).toBe(8 * row + column);
  }
});

test("a window is a run of tokens where it has as many as a cell", () => {
  expect([isRun(8, 256, 32), isRun(4, 128, 32), isRun(14, 64, 32), isRun(undefined, 64, 32)]).toEqual([
    ...[true, true, false, false],
  ]);
});
