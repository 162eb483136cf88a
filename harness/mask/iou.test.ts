import fc from "fast-check";
import { expect, test } from "vitest";
import cases from "./fixtures/mask_cases.json" with { type: "json" };
import { boxIou, intersectionArea, iou, iouWithCrowd } from "./iou.ts";
import { encodeRle, rleFromCounts } from "./rle.ts";
import { parseCounts } from "./rleString.ts";

const size = { height: cases.size[0]!, width: cases.size[1]! };
const masks = cases.rle.map(({ counts }) => parseCounts(counts, size));

const pairs = fc
  .record({ height: fc.integer({ min: 1, max: 12 }), width: fc.integer({ min: 1, max: 12 }) })
  .chain((pairSize) => {
    const length = pairSize.height * pairSize.width;
    const bitmap = fc.uint8Array({ minLength: length, maxLength: length, max: 1 });
    return fc.record({ size: fc.constant(pairSize), a: bitmap, b: bitmap });
  });

test("the IoU of every pair of hand-made masks is that of pycocotools", () => {
  masks.forEach((a, i) => {
    masks.forEach((b, j) => {
      expect(iou(a, b)).toBeCloseTo(cases.iou[i]![j]!, 12);
    });
  });
});

test("the IoU with every hand-made mask as a crowd is that of pycocotools", () => {
  masks.forEach((detection, i) => {
    masks.forEach((crowd, j) => {
      expect(iouWithCrowd(detection, crowd)).toBeCloseTo(cases.iou_crowd[i]![j]!, 12);
    });
  });
});

test("IoU, crowd IoU and intersection are those counted pixel by pixel", () => {
  fc.assert(
    fc.property(pairs, (pair) => {
      const a = encodeRle(pair.a, pair.size);
      const b = encodeRle(pair.b, pair.size);
      const shared = pair.a.filter((value, i) => value === 1 && pair.b[i] === 1).length;
      const either = pair.a.filter((value, i) => value === 1 || pair.b[i] === 1).length;
      const areaA = pair.a.filter((value) => value === 1).length;
      expect(intersectionArea(a, b)).toBe(shared);
      expect(iou(a, b)).toBe(shared === 0 ? 0 : shared / either);
      expect(iouWithCrowd(a, b)).toBe(shared === 0 ? 0 : shared / areaA);
    }),
  );
});

test("empty runs do not disturb the count", () => {
  const square = { height: 4, width: 4 };
  const padded = rleFromCounts([2, 3, 0, 2, 0, 0, 1, 4, 4, 0], square);
  expect(intersectionArea(padded, rleFromCounts([3, 7, 6], square))).toBe(6);
});

test("two empty masks have an IoU of 0", () => {
  expect(iou(rleFromCounts([6], { height: 2, width: 3 }), rleFromCounts([6], { height: 2, width: 3 }))).toBe(0);
});

test("masks of two sizes are refused", () => {
  const a = rleFromCounts([6], { height: 2, width: 3 });
  const b = rleFromCounts([6], { height: 3, width: 2 });
  expect(() => iou(a, b)).toThrow("two sizes can not be compared (found 3 high x 2 wide, expected 2 high x 3 wide)");
});

test("box IoU counts overlap over union", () => {
  const box = { x0: 0, y0: 0, x1: 4, y1: 2 };
  expect(boxIou(box, { x0: 2, y0: 1, x1: 6, y1: 3 })).toBeCloseTo(2 / 14, 12);
  expect(boxIou(box, box)).toBe(1);
});

test("boxes that touch, lie apart or are empty have an IoU of 0", () => {
  const box = { x0: 0, y0: 0, x1: 4, y1: 2 };
  expect(boxIou(box, { x0: 4, y0: 0, x1: 8, y1: 2 })).toBe(0);
  expect(boxIou(box, { x0: 5, y0: 5, x1: 8, y1: 9 })).toBe(0);
  const empty = { x0: 1, y0: 1, x1: 1, y1: 1 };
  expect(boxIou(empty, empty)).toBe(0);
});
