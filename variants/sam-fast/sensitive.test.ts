import { expect, test } from "vitest";
import { keepSensitive } from "./sensitive.ts";

const blocks = [
  ["a.q", "a.mlp"],
  ["b.q", "b.mlp"],
  ["c.q", "c.mlp"],
];
/** Squared error of each layer in int8; these add up. */
const squares: Readonly<Record<string, number>> = {
  "a.q": 1,
  "a.mlp": 2,
  "b.q": 1,
  "b.mlp": 64,
  "c.q": 9,
  "c.mlp": 23,
};

function search(bound: number, combine: (square: number) => number = Math.sqrt) {
  const asked: string[] = [];
  const errorOf = async (inFloat: readonly string[]) => {
    asked.push(inFloat.join("+"));
    const left = Object.entries(squares).filter(([name]) => !inFloat.includes(name));
    return combine(left.reduce((sum, [, square]) => sum + square, 0));
  };
  return { asked, kept: keepSensitive({ blocks, bound, errorOf }) };
}

test("nothing stays in float where the bound holds anyway, and nothing more is measured", async () => {
  const { asked, kept } = search(10);
  expect(await kept).toEqual({ inFloat: [], error: 10, errorOfAll: 10 });
  expect(asked).toEqual([""]);
});

test("the worst layer stays in float, and only its block is taken apart", async () => {
  const { asked, kept } = search(6);
  expect(await kept).toEqual({ inFloat: ["b.mlp"], error: 6, errorOfAll: 10 });
  expect(asked).toEqual(["", "a.q+a.mlp", "b.q+b.mlp", "c.q+c.mlp", "b.q", "b.mlp", "b.mlp"]);
});

test("worst first across blocks: as few as the bound takes", async () => {
  const { kept } = search(4);
  expect(await kept).toMatchObject({ inFloat: ["b.mlp", "c.mlp"], error: Math.sqrt(13) });
});

// Errors as sums of squares, 100 for all of them: keeping b.mlp seems to save 100² - 36², and c.mlp more than what is left.
test("where squares do not add up, layers go on leaving int8 until the measured error holds", async () => {
  const { kept } = search(5, (square) => square);
  expect(await kept).toEqual({ inFloat: ["b.mlp", "c.mlp", "c.q"], error: 4, errorOfAll: 100 });
});

test("a bound that only the float graph holds keeps every layer in float", async () => {
  const { kept } = search(0.01);
  expect((await kept).inFloat.toSorted()).toEqual(Object.keys(squares).toSorted());
});
