import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Dataset } from "../../api.ts";
import { withDetectorBoxes } from "./detectorBoxes.ts";

const folder = mkdtempSync(join(tmpdir(), "sam-bench-boxes-"));
let files = 0;
function write(text: string): string {
  const file = join(folder, `${files++}.json`);
  writeFileSync(file, text);
  return file;
}

const size = { height: 40, width: 60 };

/** Images 1 and 2 of a data set of three. */
const dataset: Dataset = {
  id: "coco",
  images: [1, 2].map((id) => ({ id, fileName: `${id}.jpg`, size })),
  knownImages: new Set([1, 2, 3]),
  categories: [{ id: 3, name: "cup" }],
  fingerprint: "f",
  warnings: [],
  read: () => Promise.reject(new Error("no photo is read")),
  targetsOf: () => [],
  annotationsOf: () => [],
};

const box = (change: object) => ({ image_id: 1, category_id: 3, score: 0.5, bbox: [1, 2, 10, 20], ...change });
const given = (...detections: object[]) => withDetectorBoxes(dataset, write(JSON.stringify(detections)));

test("boxes become targets of their images; those of images that were not asked for are left", async () => {
  const { targetsOf } = await given(box({}), box({ image_id: 3 }), box({ image_id: 2, bbox: [0, 0, 4, 5] }));
  expect(targetsOf(1)).toMatchObject([{ id: 0, category: 3, box: { x0: 1, y0: 2, x1: 11, y1: 22 }, areaPx: 200 }]);
  expect(targetsOf(2)).toMatchObject([{ id: 2, areaPx: 20 }]);
});

test.each([
  ["an image that the data do not have", { image_id: 9 }, /detection \[1\], image_id: no such image in dataset coco/],
  ["a category that the data do not have", { category_id: 9 }, /detection \[1\], category_id: no such category/],
])("one box of %s is another data set's, as for bench score", async (_, change, message) => {
  await expect(given(box({}), box(change))).rejects.toThrow(message);
});

test("a box is told from a mask, polygons too, and a mask that is none is refused", async () => {
  const polygon = { segmentation: [[2, 3, 12, 3, 12, 9, 2, 9]] };
  const { targetsOf } = await given(box({ bbox: [], ...polygon }));
  expect(targetsOf(1)[0]!.box).toEqual({ x0: 2, y0: 3, x1: 12, y1: 9 });
  await expect(given(box({ bbox: undefined, segmentation: { size: [4, 6], counts: "52" } }))).rejects.toThrow(
    /detection \[0\], segmentation.counts: RLE of the wrong length/,
  );
});

test("ids that no number holds are those of the annotation file", async () => {
  const number = 2 ** 52;
  const digits = "1152921504606846977";
  const large: Dataset = {
    ...dataset,
    images: [{ id: number, fileName: "a.jpg", size }],
    knownImages: new Set([number]),
    originalIds: { images: [[number, digits]], categories: [] },
  };
  const file = (id: string) => write(`[{"image_id":${id},"category_id":3,"score":1,"bbox":[1,2,3,4]}]`);
  expect((await withDetectorBoxes(large, file(digits))).targetsOf(number)).toHaveLength(1);
  await expect(withDetectorBoxes(large, file("1152921504606846976"))).rejects.toThrow(
    /no such image in dataset coco \(found image 1152921504606846976/,
  );
});
