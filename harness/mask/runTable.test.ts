import fc from "fast-check";
import { expect, test } from "vitest";
import type { Box } from "../api.ts";
import { intersectionArea } from "./iou.ts";
import { areaOf, boxOf, encodeRle, rleFromCounts } from "./rle.ts";
import { RunTable } from "./runTable.ts";

const masks = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })).chain(([height, width]) =>
  fc.array(
    fc
      .array(fc.constantFrom(0, 0, 1), { minLength: height * width, maxLength: height * width })
      .map((pixels) => encodeRle(Uint8Array.from(pixels), { height, width })),
    { minLength: 1, maxLength: 4 },
  ),
);

function areaOfMeeting(a: Box | undefined, b: Box | undefined): number {
  if (a === undefined || b === undefined) return 0;
  const width = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0);
  const height = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0);
  return width > 0 && height > 0 ? width * height : 0;
}

test("areas, what masks share and what their boxes share are those of single masks, whether added or written in place", () => {
  const table = new RunTable();
  const written = new RunTable();
  fc.assert(
    fc.property(masks, (all) => {
      table.clear();
      written.clear();
      for (const mask of all) {
        table.add(mask);
        const { runs, first } = written.room(mask.counts.length + 3);
        runs.set(mask.counts, first);
        written.commit(mask.counts.length, areaOf(mask), mask.size.height * mask.size.width);
      }
      for (const [i, mask] of all.entries()) {
        expect([table.areaOf(i), written.areaOf(i)]).toEqual([areaOf(mask), areaOf(mask)]);
        expect(written.rle(i, mask.size)).toEqual(mask);
        for (const [j, other] of all.entries())
          expect(table.sharedArea(i, written, j)).toBe(intersectionArea(mask, other));
        for (const [j, other] of all.entries())
          expect(table.sharedBound(i, written, j, mask.size.height)).toBe(areaOfMeeting(boxOf(mask), boxOf(other)));
      }
    }),
  );
});

test("empty runs change nothing", () => {
  const table = new RunTable();
  const size = { height: 4, width: 3 };
  table.add(rleFromCounts([2, 0, 1, 3, 0, 0, 6], size));
  table.add(rleFromCounts([0, 0, 3, 2, 7, 0], size));
  expect([table.areaOf(0), table.areaOf(1), table.sharedArea(0, table, 1)]).toEqual([3, 2, 2]);
});

test("a bound by boxes is never below what masks with empty runs share", () => {
  const table = new RunTable();
  const size = { height: 4, width: 3 };
  table.add(rleFromCounts([2, 0, 1, 3, 0, 0, 6], size));
  table.add(rleFromCounts([0, 0, 3, 2, 7, 0], size));
  expect(table.sharedBound(0, table, 1, size.height)).toBeGreaterThanOrEqual(2);
});

test("pixels behind the meeting of two empty runs count, where pycocotools stops and has an IoU of 3 / 5", () => {
  const table = new RunTable();
  const size = { height: 10, width: 6 };
  table.add(rleFromCounts([10, 5, 0, 5, 40], size));
  table.add(rleFromCounts([12, 3, 0, 15, 30], size));
  expect([table.areaOf(0), table.areaOf(1), table.sharedArea(0, table, 1)]).toEqual([10, 18, 8]);
});
