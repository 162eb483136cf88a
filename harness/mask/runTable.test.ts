import fc from "fast-check";
import { expect, test } from "vitest";
import { intersectionArea } from "./iou.ts";
import { areaOf, boxOf, encodeRle } from "./rle.ts";
import { formatCounts } from "./rleString.ts";
import { RunTable } from "./runTable.ts";

const masks = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })).chain(([height, width]) =>
  fc.array(
    fc
      .array(fc.constantFrom(0, 0, 1), { minLength: height * width, maxLength: height * width })
      .map((pixels) => encodeRle(Uint8Array.from(pixels), { height, width })),
    { minLength: 1, maxLength: 4 },
  ),
);

test("areas, boxes and what masks share are those of single masks, whether added as runs or as strings", () => {
  const table = new RunTable();
  const strings = new RunTable();
  fc.assert(
    fc.property(masks, (all) => {
      table.clear();
      strings.clear();
      for (const mask of all) {
        const text = Buffer.from(formatCounts(mask), "latin1");
        table.add(mask.counts, mask.size.height);
        strings.addText(text, 0, text.length, mask.size.height);
      }
      for (const [i, mask] of all.entries()) {
        expect([table.areaOf(i), strings.areaOf(i)]).toEqual([areaOf(mask), areaOf(mask)]);
        expect([table.boxOf(i), strings.boxOf(i)]).toEqual([boxOf(mask), boxOf(mask)]);
        for (const [j, other] of all.entries())
          expect(table.sharedArea(i, strings, j)).toBe(intersectionArea(mask, other));
      }
    }),
  );
});

test("empty runs change nothing", () => {
  const table = new RunTable();
  table.add(Uint32Array.of(2, 0, 1, 3, 0, 0, 6), 4);
  expect([table.areaOf(0), table.boxOf(0)]).toEqual([3, { x0: 0, y0: 0, x1: 2, y1: 4 }]);
});
