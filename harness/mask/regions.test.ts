import fc from "fast-check";
import { expect, test } from "vitest";
import type { Rle } from "../api.ts";
import { removeSmallRegions } from "./regions.ts";
import { areaOf, decodeRle, encodeRle } from "./rle.ts";

const maskOf = (...rows: readonly string[]): Rle =>
  encodeRle(Uint8Array.from(rows.join(""), Number), { height: rows.length, width: rows[0]!.length });

function rowsOf(mask: Rle): string[] {
  const { width, height } = mask.size;
  const bitmap = decodeRle(mask);
  return Array.from({ length: height }, (_, y) => bitmap.slice(y * width, (y + 1) * width).join(""));
}

test("components below the bound go, one of exactly that size stays", () => {
  const mask = maskOf("1100100", "1100000", "0000011", "0000000", "1110000");
  expect(rowsOf(removeSmallRegions(mask, 3, "components"))).toEqual([
    ...["1100000", "1100000", "0000000"],
    ...["0000000", "1110000"],
  ]);
});

test("pixels that touch by a corner are one component", () => {
  const mask = maskOf("100000", "010000", "001001", "000000");
  expect(rowsOf(removeSmallRegions(mask, 3, "components"))).toEqual(["100000", "010000", "001000", "000000"]);
});

test("holes below the bound are filled, corners joining them; a small part outside at the border is a hole too", () => {
  const mask = maskOf("0111111", "1110111", "1101111", "1111100", "1111100");
  // The hole of two pixels hangs together by a corner; the pixel at the top left stands alone.
  expect(rowsOf(removeSmallRegions(mask, 2, "holes"))).toEqual(["1111111", "1110111", "1101111", "1111100", "1111100"]);
  expect(rowsOf(removeSmallRegions(mask, 3, "holes"))).toEqual(["1111111", "1111111", "1111111", "1111100", "1111100"]);
});

test("a part outside that meets the rest by a corner is no hole of its own", () => {
  const mask = maskOf("0100", "1000", "0000");
  expect(removeSmallRegions(mask, 5, "holes")).toBe(mask);
});

test("of components that are all too small the largest stays, the first by rows among equals", () => {
  expect(rowsOf(removeSmallRegions(maskOf("1001", "0001", "0000"), 100, "components"))).toEqual([
    ...["0001", "0001", "0000"],
  ]);
  expect(rowsOf(removeSmallRegions(maskOf("0001", "1000"), 100, "components"))).toEqual(["0001", "0000"]);
});

test("holes that are all too small are all filled", () => {
  expect(rowsOf(removeSmallRegions(maskOf("101", "111"), 100, "holes"))).toEqual(["111", "111"]);
});

test("what has nothing small, or no pixel, or all, comes back as it is", () => {
  for (const mask of [maskOf("000", "000"), maskOf("111", "111"), maskOf("110", "110")])
    for (const kind of ["holes", "components"] as const) expect(removeSmallRegions(mask, 2, kind)).toBe(mask);
});

test("on any mask the regions are those that a flood over eight neighbours finds", () => {
  const masks = fc
    .record({ height: fc.integer({ min: 1, max: 9 }), width: fc.integer({ min: 1, max: 9 }) })
    .chain((size) =>
      fc
        .array(fc.integer({ min: 0, max: 1 }), {
          minLength: size.height * size.width,
          maxLength: size.height * size.width,
        })
        .map((bits) => encodeRle(Uint8Array.from(bits), size)),
    );
  fc.assert(
    fc.property(masks, fc.integer({ min: 1, max: 9 }), (mask, leastPx) => {
      expect(decodeRle(removeSmallRegions(mask, leastPx, "holes"))).toEqual(flooded(mask, leastPx, 0));
      const kept = removeSmallRegions(mask, leastPx, "components");
      const expected = flooded(mask, leastPx, 1);
      if (expected.includes(1) || areaOf(mask) === 0) expect(decodeRle(kept)).toEqual(expected);
      else expect(areaOf(kept)).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
});

/** Pixel by pixel: regions of this value that are too small change it. */
function flooded(mask: Rle, leastPx: number, value: 0 | 1): Uint8Array {
  const { width, height } = mask.size;
  const bitmap = decodeRle(mask);
  const seen = new Set<number>();
  for (let start = 0; start < bitmap.length; start++) {
    if (bitmap[start] !== value || seen.has(start)) continue;
    const region = [start];
    seen.add(start);
    for (const at of region)
      for (const [dx, dy] of [-1, 0, 1].flatMap((x) => [-1, 0, 1].map((y) => [x, y] as const))) {
        const x = (at % width) + dx;
        const y = Math.floor(at / width) + dy;
        const next = y * width + x;
        if (x < 0 || y < 0 || x >= width || y >= height || seen.has(next) || bitmap[next] !== value) continue;
        seen.add(next);
        region.push(next);
      }
    // Filled with a third value first: what has just changed is no neighbour of the other kind yet.
    if (region.length < leastPx) for (const at of region) bitmap[at] = 2 + (1 - value);
  }
  return bitmap.map((each) => (each > 1 ? each - 2 : each));
}
