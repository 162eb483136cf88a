import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Annotation } from "../../api.ts";
import { encodeRle } from "../../mask/rle.ts";
import { readAnnotations } from "../read/annotations.ts";
import { writeInstances } from "./write.ts";

const folder = mkdtempSync(join(tmpdir(), "sam-bench-write-"));
const size = { height: 3, width: 4 };
const mask = encodeRle(Uint8Array.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1]), size);
const annotation: Annotation = {
  id: 5,
  image: 2,
  category: 1,
  mask,
  areaPx: 4,
  crowd: false,
  box: { x0: 1, y0: 0, x1: 4, y1: 3 },
};
const instances = {
  description: "a test",
  images: [
    { id: 1, fileName: "a.jpg", size },
    { id: 2, fileName: "b.jpg", size },
  ],
  categories: [
    { id: 1, name: "cup" },
    { id: 2, name: "mug" },
  ],
  annotationsOf: (image: number) => (image === 2 ? [annotation, { ...annotation, id: 6 }] : []),
};

test("what is written as COCO is read back the same", async () => {
  const file = join(folder, "coco.json");
  await writeInstances(file, instances, "coco");
  const read = await readAnnotations(file);
  expect(read.format).toBe("coco");
  expect(read.images).toEqual(instances.images);
  expect(read.categories).toEqual(instances.categories);
  expect(read.annotationsOf(2)).toEqual(instances.annotationsOf(2).map((each) => ({ ...each, boxAreaPx: 9 })));
  expect(read.annotationsOf(1)).toEqual([]);
});

test("LVIS gets negative lists and image counts", async () => {
  const file = join(folder, "lvis.json");
  await writeInstances(file, instances, "lvis");
  const read = await readAnnotations(file);
  expect(read.format).toBe("lvis");
  expect(read.images.map(({ negativeCategories }) => negativeCategories)).toEqual([[1, 2], [2]]);
  expect(read.categories.map(({ imageCount }) => imageCount)).toEqual([1, 0]);
  expect(JSON.parse(readFileSync(file, "utf8")).annotations[0]).not.toHaveProperty("iscrowd");
});
