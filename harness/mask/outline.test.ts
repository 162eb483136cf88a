import fc from "fast-check";
import { expect, test } from "vitest";
import type { Rle } from "../api.ts";
import { outlinesOf } from "./outline.ts";
import { areaOf, encodeRle } from "./rle.ts";

/** Rows of a drawing: # inside, anything else outside. */
function drawn(...rows: readonly string[]): Rle {
  const size = { height: rows.length, width: rows[0]!.length };
  return encodeRle(
    Uint8Array.from(rows.join(""), (sign) => (sign === "#" ? 1 : 0)),
    size,
  );
}

/** Signed: pieces count as inside, holes against them. */
function area(outline: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < outline.length; i += 2) {
    const x = outline[i]!;
    const y = outline[i + 1]!;
    const u = outline[(i + 2) % outline.length]!;
    const v = outline[(i + 3) % outline.length]!;
    sum += x * v - u * y;
  }
  return sum / 2;
}

test("a box has its four corners, clockwise", () => {
  expect(outlinesOf(drawn("....", ".##.", ".##.", ".##."))).toEqual([[1, 1, 3, 1, 3, 4, 1, 4]]);
});

test("a hole is an outline of its own, the other way round", () => {
  const outlines = outlinesOf(drawn("###", "#.#", "###"));
  expect(outlines.map(area).sort((a, b) => a - b)).toEqual([-1, 9]);
});

test("a hole's outline has its corners alone, wherever its first pixel lies", () => {
  const [, hole] = outlinesOf(drawn("####", "#..#", "#..#", "####"));
  expect(hole).toHaveLength(8);
  expect(area(hole!)).toBe(-4);
});

test("pieces that touch at a corner alone are apart", () => {
  expect(outlinesOf(drawn("#.", ".#")).map(area)).toEqual([1, 1]);
});

test("an empty mask has no outline", () => {
  expect(outlinesOf(drawn("..", ".."))).toEqual([]);
});

test("the outlines of any mask enclose its area, and no three corners lie on a line", () => {
  const masks = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
    .chain(([height, width]) =>
      fc
        .array(fc.constantFrom(0, 1), { minLength: height * width, maxLength: height * width })
        .map((bits) => encodeRle(Uint8Array.from(bits), { height, width })),
    );
  fc.assert(
    fc.property(masks, (mask) => {
      const outlines = outlinesOf(mask);
      expect(outlines.reduce((sum, outline) => sum + area(outline), 0)).toBe(areaOf(mask));
      for (const outline of outlines)
        for (let i = 0; i < outline.length; i += 2) {
          const at = (k: number) => outline[(i + k) % outline.length]!;
          expect((at(2) - at(0)) * (at(5) - at(3)) - (at(3) - at(1)) * (at(4) - at(2))).not.toBe(0);
        }
    }),
  );
});

test("a tolerance leaves corners out and stays that close: a disc", () => {
  const side = 80;
  const bitmap = Uint8Array.from({ length: side * side }, (_, i) =>
    Math.hypot((i % side) - 39.5, Math.floor(i / side) - 39.5) < 35 ? 1 : 0,
  );
  const mask = encodeRle(bitmap, { height: side, width: side });
  const [exact] = outlinesOf(mask);
  const [rough] = outlinesOf(mask, 1);
  expect(rough!.length).toBeLessThan(exact!.length / 4);
  expect(Math.abs(area(rough!) / areaOf(mask) - 1)).toBeLessThan(0.03);
  for (let i = 0; i < rough!.length; i += 2)
    expect(Math.abs(Math.hypot(rough![i]! - 40, rough![i + 1]! - 40) - 35)).toBeLessThan(1.5);
});
