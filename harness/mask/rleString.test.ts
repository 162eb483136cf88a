import fc from "fast-check";
import { expect, test } from "vitest";
import cases from "./fixtures/mask_cases.json" with { type: "json" };
import { rleFromCounts } from "./rle.ts";
import { formatCounts, parseCounts } from "./rleString.ts";

const size = { height: 100, width: 100 };

test("a string has one group of five bits a character, the lowest first, and differences from the fourth run on", () => {
  // 100 = 00011 00100: "4" + more, "3". Fourth run: 90 - 100 = -10, one group with its sign bit: 22 + 48 is "F".
  const mask = rleFromCounts([100, 100, 15, 90, 9695], size);
  expect(formatCounts(mask).startsWith("T3T3?F")).toBe(true);
});

test("strings of pycocotools come back as they were", () => {
  for (const {
    size: [height, width],
    counts,
  } of cases.rle) {
    expect(formatCounts(parseCounts(counts, { height: height!, width: width! }))).toBe(counts);
  }
});

test("parsing undoes formatting, empty runs included", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 3_000_000 }), { minLength: 1, maxLength: 40 }), (runs) => {
      const column = { height: runs.reduce((sum, run) => sum + run, 0), width: 1 };
      expect([...parseCounts(formatCounts(rleFromCounts(runs, column)), column).counts]).toEqual(runs);
    }),
  );
});

test("a string cut short is refused", () => {
  const text = formatCounts(rleFromCounts([100, 9900], size));
  expect(() => parseCounts(text.slice(0, 1), size, "annotation 3")).toThrow(
    "annotation 3: mask string ends in the middle of a run (found T)",
  );
  expect(() => parseCounts(text.slice(0, 2), size)).toThrow(/found 100 px, expected 10000 px/);
});

test("a string of another image is refused", () => {
  const text = formatCounts(rleFromCounts([100, 9900], size));
  expect(() => parseCounts(text, { height: 100, width: 99 })).toThrow(/found 10000 px, expected 9900 px/);
});

test("a character outside the alphabet is refused by its place", () => {
  expect(() => parseCounts("T3 T3", size)).toThrow(/found " " at 2, expected 0 to o/);
});

test("a negative run is refused", () => {
  // "O" is 31: the one group's sign bit makes it -1.
  expect(() => parseCounts("O", size)).toThrow(/run 0 is no length \(found -1/);
});
