import fc from "fast-check";
import { expect, test } from "vitest";
import { difference, intersection, union } from "./combine.ts";
import cases from "./fixtures/mask_cases.json" with { type: "json" };
import { encodeRle, rleFromCounts } from "./rle.ts";
import { formatCounts, parseCounts } from "./rleString.ts";

const caseSize = { height: cases.size[0]!, width: cases.size[1]! };
const masks = cases.rle.map(({ counts }) => parseCounts(counts, caseSize));

const triples = fc
  .record({ height: fc.integer({ min: 1, max: 12 }), width: fc.integer({ min: 1, max: 12 }) })
  .chain((size) => {
    const length = size.height * size.width;
    const bitmap = fc.uint8Array({ minLength: length, maxLength: length, max: 1 });
    return fc.record({ size: fc.constant(size), bitmaps: fc.tuple(bitmap, bitmap, bitmap) });
  });

test("union and intersection are written as pycocotools merges them", () => {
  expect(formatCounts(union([masks[8]!, masks[9]!]))).toBe(cases.union_of_8_9.counts);
  expect(formatCounts(intersection([masks[9]!, masks[10]!]))).toBe(cases.intersection_of_9_10.counts);
});

test("union, intersection and difference are those of the bitmaps, run for run", () => {
  fc.assert(
    fc.property(triples, ({ size, bitmaps: [a, b, c] }) => {
      const encode = (pixel: (i: number) => boolean) =>
        encodeRle(
          Uint8Array.from(a, (_, i) => Number(pixel(i))),
          size,
        );
      const all = [a, b, c].map((bitmap) => encodeRle(bitmap, size));
      expect(union(all)).toEqual(encode((i) => a[i]! + b[i]! + c[i]! > 0));
      expect(intersection(all)).toEqual(encode((i) => a[i]! + b[i]! + c[i]! === 3));
      expect(difference(all[0]!, all[1]!)).toEqual(encode((i) => a[i]! > b[i]!));
    }),
  );
});

test("empty runs of the inputs are gone from the result", () => {
  const size = { height: 2, width: 4 };
  const merged = union([rleFromCounts([0, 1, 0, 2, 5, 0], size), rleFromCounts([8], size)]);
  expect([...merged.counts]).toEqual([0, 3, 5]);
});

test("masks of two sizes are refused", () => {
  const a = rleFromCounts([6], { height: 2, width: 3 });
  const b = rleFromCounts([4], { height: 2, width: 2 });
  expect(() => union([a, b])).toThrow(/masks of two sizes/);
});

test("a mask whose runs were never checked stops the walk", () => {
  const size = { height: 2, width: 3 };
  const short = { size, counts: Uint32Array.of(2) };
  expect(() => union([short, rleFromCounts([6], size)])).toThrow(/end before the mask does/);
});
