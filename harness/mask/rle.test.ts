import fc from "fast-check";
import { expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import cases from "./fixtures/mask_cases.json" with { type: "json" };
import coco from "./fixtures/masks_coco.json" with { type: "json" };
import lvis from "./fixtures/masks_lvis.json" with { type: "json" };
import lvis05 from "./fixtures/masks_lvis_v05_as_released.json" with { type: "json" };
import { areaOf, boxOf, decodeRle, encodeRle, rleFromCounts } from "./rle.ts";
import { formatCounts, parseCounts } from "./rleString.ts";

const caseSize = { height: cases.size[0]!, width: cases.size[1]! };

const bitmaps = fc
  .record({ height: fc.integer({ min: 1, max: 14 }), width: fc.integer({ min: 1, max: 14 }) })
  .chain((size) => {
    const length = size.height * size.width;
    return fc.uint8Array({ minLength: length, maxLength: length, max: 1 }).map((bitmap) => ({ size, bitmap }));
  });

/** The fixture writes its pixels down the columns. */
function rowMajor(bits: string): Uint8Array {
  const { height, width } = caseSize;
  return Uint8Array.from(bits, (_, i) => Number(bits[(i % width) * height + Math.floor(i / width)]));
}

/** pycocotools writes [x, y, w, h], all 0 for an empty mask. */
function asCoco(box: ReturnType<typeof boxOf>): number[] {
  return box === undefined ? [0, 0, 0, 0] : [box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0];
}

test("runs go down the columns and start with 0s", () => {
  const bitmap = Uint8Array.of(0, 1, 1, 0, 0, 1);
  expect([...encodeRle(bitmap, { height: 2, width: 3 }).counts]).toEqual([2, 1, 1, 2]);
});

test("a mask that covers all starts with an empty run", () => {
  expect([...encodeRle(Uint8Array.of(1, 1), { height: 1, width: 2 }).counts]).toEqual([0, 2]);
});

test("hand-made masks have the runs, area and box that pycocotools gives", () => {
  cases.bits.forEach((bits, i) => {
    const bitmap = rowMajor(bits);
    const mask = encodeRle(bitmap, caseSize);
    expect(formatCounts(mask)).toBe(cases.rle[i]!.counts);
    expect(decodeRle(mask)).toEqual(bitmap);
    expect(areaOf(mask)).toBe(cases.area[i]);
    expect(asCoco(boxOf(mask))).toEqual(cases.bbox[i]);
  });
});

test.each([
  ["coco", coco],
  ["lvis", lvis],
  ["lvis v0.5", lvis05],
] as const)("every %s annotation keeps its string, area and box through decoding and encoding", (_, masks) => {
  for (const { rle, area, bbox } of masks) {
    const mask = parseCounts(rle.counts, { height: rle.size[0]!, width: rle.size[1]! });
    expect(areaOf(mask)).toBe(area);
    expect(asCoco(boxOf(mask))).toEqual(bbox);
    expect(formatCounts(encodeRle(decodeRle(mask), mask.size))).toBe(rle.counts);
  }
});

test("decoding undoes encoding", () => {
  fc.assert(
    fc.property(bitmaps, ({ size, bitmap }) => {
      expect(decodeRle(encodeRle(bitmap, size))).toEqual(bitmap);
    }),
  );
});

test("no run but the first is empty, and runs fill the mask", () => {
  fc.assert(
    fc.property(bitmaps, ({ size, bitmap }) => {
      const { counts } = encodeRle(bitmap, size);
      expect([...counts.subarray(1)].every((run) => run > 0)).toBe(true);
      expect(counts.reduce((sum, run) => sum + run, 0)).toBe(bitmap.length);
    }),
  );
});

test("the box holds every pixel of the mask and none of its sides is free", () => {
  fc.assert(
    fc.property(bitmaps, ({ size, bitmap }) => {
      const set = [...bitmap.keys()].filter((i) => bitmap[i] === 1);
      const xs = set.map((i) => i % size.width);
      const ys = set.map((i) => Math.floor(i / size.width));
      const expected = { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs) + 1, y1: Math.max(...ys) + 1 };
      expect(boxOf(encodeRle(bitmap, size))).toEqual(set.length === 0 ? undefined : expected);
    }),
  );
});

test("a region is decoded as it would be cut from the whole", () => {
  fc.assert(
    fc.property(bitmaps, fc.gen(), ({ size, bitmap }, gen) => {
      const x0 = gen(fc.nat, { max: size.width - 1 });
      const y0 = gen(fc.nat, { max: size.height - 1 });
      const x1 = gen(fc.integer, { min: x0 + 1, max: size.width });
      const y1 = gen(fc.integer, { min: y0 + 1, max: size.height });
      const cut = Uint8Array.from({ length: (x1 - x0) * (y1 - y0) }, (_, i) => {
        const x = x0 + (i % (x1 - x0));
        const y = y0 + Math.floor(i / (x1 - x0));
        return bitmap[y * size.width + x]!;
      });
      expect(decodeRle(encodeRle(bitmap, size), { x0, y0, x1, y1 })).toEqual(cut);
    }),
  );
});

test("empty runs inside a mask change neither pixels, area nor box", () => {
  const size = { height: 3, width: 3 };
  const plain = rleFromCounts([2, 3, 4], size);
  const padded = rleFromCounts([2, 1, 0, 2, 0, 0, 4, 0], size);
  expect(decodeRle(padded)).toEqual(decodeRle(plain));
  expect(areaOf(padded)).toBe(3);
  expect(boxOf(padded)).toEqual(boxOf(plain));
});

test("runs that do not fill the mask are refused with both sizes", () => {
  const wrong = () => rleFromCounts([3, 4], { height: 2, width: 4 }, "annotation 7");
  expect(wrong).toThrow(HarnessError);
  expect(wrong).toThrow(
    "annotation 7: run lengths do not add up to the mask's size (found 7 px, expected 8 px, 2 high x 4 wide)",
  );
});

test.each([[[-1, 9]], [[2.5, 5.5]], [[Number.NaN, 8]]])("a run that is no length is refused: %j", (counts) => {
  expect(() => rleFromCounts(counts, { height: 2, width: 4 })).toThrow(/mask: run 0 is no length/);
});

test.each([40_000, 1e6])("a mask of %i px squared is refused, and nothing is allocated for it", (side) => {
  const size = { height: side, width: side };
  expect(() => rleFromCounts([side * side], size, "row of image 7")).toThrow(
    /row of image 7: has more pixels than are read/,
  );
});
