import fc from "fast-check";
import { expect, test } from "vitest";
import { intersectionArea } from "./iou.ts";
import { areaOf, boxOf, encodeRle } from "./rle.ts";
import { RunTable } from "./runTable.ts";

const masks = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })).chain(([height, width]) =>
  fc.array(
    fc
      .array(fc.constantFrom(0, 0, 1), { minLength: height * width, maxLength: height * width })
      .map((pixels) => encodeRle(Uint8Array.from(pixels), { height, width })),
    { minLength: 1, maxLength: 4 },
  ),
);

test("areas, boxes and what masks share are those of single masks, whether added or written in place", () => {
  const table = new RunTable();
  const written = new RunTable();
  fc.assert(
    fc.property(masks, (all) => {
      table.clear();
      written.clear();
      for (const mask of all) {
        table.add(mask.counts, mask.size.height);
        // Run by run, asking for room on the way.
        let { runs, first } = written.room(1, 0);
        for (const [i, run] of mask.counts.entries()) {
          ({ runs, first } = written.room(i + 1, i));
          runs[first + i] = run;
        }
        written.commit(mask.counts.length, mask.size.height);
      }
      for (const [i, mask] of all.entries()) {
        expect([table.areaOf(i), written.areaOf(i)]).toEqual([areaOf(mask), areaOf(mask)]);
        expect([table.boxOf(i), written.boxOf(i)]).toEqual([boxOf(mask), boxOf(mask)]);
        for (const [j, other] of all.entries())
          expect(table.sharedArea(i, written, j)).toBe(intersectionArea(mask, other));
      }
    }),
  );
});

test("empty runs change nothing", () => {
  const table = new RunTable();
  table.add(Uint32Array.of(2, 0, 1, 3, 0, 0, 6), 4);
  expect([table.areaOf(0), table.boxOf(0)]).toEqual([3, { x0: 0, y0: 0, x1: 2, y1: 4 }]);
});

test("pixels behind the meeting of two empty runs count, where pycocotools stops and has an IoU of 3 / 5", () => {
  const table = new RunTable();
  table.add(Uint32Array.of(10, 5, 0, 5, 40), 10);
  table.add(Uint32Array.of(12, 3, 0, 15, 30), 10);
  expect([table.areaOf(0), table.areaOf(1), table.sharedArea(0, table, 1)]).toEqual([10, 18, 8]);
});
