import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
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
    ...{ image: 1, category: 2, score: 0.5 },
    box: { x0: 0.1, y0: 0, x1: 0.1 + 0.2, y1: 3 },
    boxAreaPx: 0.2 * 3,
  });
  expect(read[1]).not.toHaveProperty("box");
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
  [{ ...line, segmentation: [[1, 2, 3, 4, 5, 6]] }, "detection [1], segmentation: not an object"],
  [{ ...line, bbox: [1, 2] }, "detection [1], bbox: wrong type"],
])("a bad detection is an error that names its place: %j", async (bad, message) => {
  await expect(readDetections(write([{ ...line, segmentation }, bad]))).rejects.toThrow(message);
});

test("an annotation file is no results file", async () => {
  await expect(readDetections(write({ annotations: [] }))).rejects.toThrow(/not a results file/);
});
