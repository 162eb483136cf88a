import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeRle } from "../../../mask/rle.ts";
import { formatCounts } from "../../../mask/rleString.ts";
import { readDetections } from "./detections.ts";

const folder = mkdtempSync(join(tmpdir(), "sam-bench-detections-"));

function write(content: unknown): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.json`);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const line = { image_id: 1, category_id: 2, score: 0.5 };
const segmentation = { size: [4, 6], counts: [5, 2, 2, 2, 13] };

test("a detection has a box, a mask, or both", async () => {
  const read = await readDetections(
    write([
      { ...line, bbox: [0.1, 0, 0.2, 3] },
      { ...line, segmentation },
      { ...line, bbox: [0, 0, 1, 1], segmentation: { ...segmentation, counts: "5220;" } },
    ]),
  );
  expect(read[0]).toEqual({
    image: 1,
    category: 2,
    score: 0.5,
    box: { x0: 0.1, y0: 0, x1: 0.1 + 0.2, y1: 3 },
    boxAreaPx: 0.2 * 3,
  });
  expect(read[1]!.box).toBeUndefined();
  expect([...read[1]!.mask!.counts]).toEqual([5, 2, 2, 2, 13]);
  expect(read[2]!.mask).toEqual(read[1]!.mask);
});

test.each([
  [{ ...line, score: undefined }, "detection [1], score: missing field"],
  [{ ...line, score: "1" }, 'detection [1], score: wrong type (found "1", expected a number)'],
  [line, "detection [1], bbox: neither bbox nor segmentation"],
  [
    { ...line, segmentation: { size: [4, 6], counts: [5] } },
    "detection [1], segmentation.counts: RLE of the wrong length",
  ],
  [
    { ...line, segmentation: { size: [4, 6], counts: "52" } },
    "detection [1], segmentation.counts: RLE of the wrong length",
  ],
  [{ ...line, segmentation: [[1, 2, 3, 4, 5, 6]] }, "detection [1], segmentation: polygons on an image without a size"],
  [{ ...line, segmentation: [] }, "detection [1], segmentation: no mask"],
  [{ ...line, score: Number.NaN, bbox: [0, 0, 1, 1] }, "detection [1], score: missing field"],
  [{ ...line, bbox: [1, 2] }, "detection [1], bbox: wrong type"],
])("a bad detection is an error that names its place: %j", async (bad, message) => {
  await expect(readDetections(write([{ ...line, segmentation }, bad]))).rejects.toThrow(message);
});

test("an annotation file is no results file", async () => {
  await expect(readDetections(write({ annotations: [] }))).rejects.toThrow(/not a results file/);
});

test("elements read straight from the bytes are those of JSON.parse, bit for bit", async () => {
  const mask = fc
    .array(fc.constantFrom(0, 1), { minLength: 24, maxLength: 24 })
    .map((pixels) => formatCounts(encodeRle(Uint8Array.from(pixels), { height: 4, width: 6 })));
  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.nat(99),
  );
  const side = fc.oneof(fc.nat(50), fc.double({ min: 0, max: 50, noNaN: true }));
  const element = fc.record(
    {
      image_id: fc.integer(),
      category_id: fc.nat(),
      score: number,
      segmentation: mask.map((counts) => ({ size: [4, 6], counts })),
      bbox: fc.tuple(number, number, side, side),
      id: fc.nat(),
      area: fc.double({ noNaN: true, noDefaultInfinity: true }),
    },
    { requiredKeys: ["image_id", "category_id", "score", "segmentation"] },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(element, { maxLength: 4 }), async (elements) => {
      // A text makes an element one for the parser.
      const slow = await readDetections(write(elements.map((each) => ({ ...each, note: "é" }))));
      expect(await readDetections(write(elements))).toEqual(slow);
      expect(slow.map(({ score }) => score)).toEqual(elements.map(({ score }) => JSON.parse(JSON.stringify(score))));
      expect(slow.map(({ mask: found }) => formatCounts(found!))).toEqual(
        elements.map(({ segmentation: { counts } }) => counts),
      );
    }),
  );
});

test("a mask of many runs is read whole", async () => {
  const size = { height: 100, width: 500 };
  const chequered = encodeRle(
    Uint8Array.from({ length: 50_000 }, (_, i) => (i % 2) ^ (Math.floor(i / 500) % 2)),
    size,
  );
  const segmentation = { size: [100, 500], counts: formatCounts(chequered) };
  const read = await readDetections(
    write([
      { ...line, segmentation },
      { ...line, segmentation },
    ]),
  );
  expect(read.map(({ mask }) => mask)).toEqual([chequered, chequered]);
});
