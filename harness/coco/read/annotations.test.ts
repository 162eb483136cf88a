import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { areaOf, boxOf } from "../../mask/rle.ts";
import { formatCounts } from "../../mask/rleString.ts";
import { shared } from "../../shared.ts";
import { readAnnotations } from "./annotations.ts";

const folder = mkdtempSync(join(tmpdir(), "sam-bench-coco-"));

const square = {
  id: 7,
  image_id: 1,
  category_id: 3,
  area: 4,
  bbox: [1, 1, 2, 2],
  segmentation: [[1, 1, 3, 1, 3, 3, 1, 3]],
};
const file = {
  images: [{ id: 1, file_name: "a.jpg", height: 4, width: 6, coco_url: "http://images/val2017/a.jpg" }],
  annotations: [square] as unknown[],
  categories: [{ id: 3, name: "cup" }],
};

function write(content: unknown): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.json`);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

/** The file with one more annotation, which differs from the good one as said. */
const withBad = (change: object) => write({ ...file, annotations: [square, { ...square, id: 8, ...change }] });

test("images, categories and annotations come with corners, masks and sizes", async () => {
  const read = await readAnnotations(write(file));
  expect(read.format).toBe("coco");
  expect(read.images).toEqual([
    { id: 1, fileName: "a.jpg", size: { height: 4, width: 6 }, url: "http://images/val2017/a.jpg" },
  ]);
  expect(read.categories).toEqual([{ id: 3, name: "cup" }]);
  expect(read.warnings).toEqual([]);
  const [annotation] = read.annotationsOf(1);
  expect(annotation).toEqual({
    id: 7,
    image: 1,
    category: 3,
    areaPx: 4,
    crowd: false,
    box: { x0: 1, y0: 1, x1: 3, y1: 3 },
    boxAreaPx: 4,
    mask: { size: { height: 4, width: 6 }, counts: Uint32Array.from([5, 2, 2, 2, 13]) },
  });
  expect(read.annotationsOf(99)).toEqual([]);
});

test("annotations that stand before the images keep each its own mask", async () => {
  const right = { ...square, id: 8, bbox: [3, 1, 2, 2], segmentation: [[3, 1, 5, 1, 5, 3, 3, 3]] };
  const { images, categories } = file;
  const read = await readAnnotations(write({ annotations: [square, right], images, categories }));
  expect(read.annotationsOf(1).map(({ mask }) => boxOf(mask))).toEqual([
    { x0: 1, y0: 1, x1: 3, y1: 3 },
    { x0: 3, y0: 1, x1: 5, y1: 3 },
  ]);
});

test("a mask is decoded once", async () => {
  const [annotation] = (await readAnnotations(write(file))).annotationsOf(1);
  expect(annotation!.mask).toBe(annotation!.mask);
});

test("an uncompressed RLE, a COCO string and a polygon give the same mask", async () => {
  const size = [4, 6];
  const uncompressed = { ...square, id: 8, iscrowd: 1, segmentation: { size, counts: [5, 2, 2, 2, 13] } };
  const compressed = { ...square, id: 9, segmentation: { size, counts: "5220;" } };
  const read = await readAnnotations(write({ ...file, annotations: [square, uncompressed, compressed] }));
  const [polygon, list, text] = read.annotationsOf(1);
  expect(list!.mask).toEqual(polygon!.mask);
  expect(text!.mask).toEqual(polygon!.mask);
  expect([polygon!.crowd, list!.crowd]).toEqual([false, true]);
});

test.each([
  ["no mask", { segmentation: undefined }, "no mask, such as annotation 8, segmentation."],
  ["an empty list", { segmentation: [] }, "no mask, such as annotation 8, segmentation (found [])"],
  ["an empty polygon", { segmentation: [[]] }, "empty polygon, such as annotation 8, segmentation[0]."],
  [
    "a far polygon",
    { segmentation: [[1, 1, 1e15, 1, 3, 3]] },
    "polygon far outside of any image, such as annotation 8, segmentation (found 1000000000000000, expected -1000000",
  ],
  [
    "a line",
    { segmentation: [[1, 1, 2, 2]] },
    "polygon of fewer than 3 points, such as annotation 8, segmentation[0] (found 2)",
  ],
  [
    "a text for a number",
    { segmentation: [[1, 1, 3, 1, 3, "three"]] },
    'wrong type, such as annotation 8, segmentation[0][5] (found "three", expected a number)',
  ],
  [
    "a short RLE",
    { segmentation: { size: [4, 6], counts: [5, 2] } },
    "RLE of the wrong length, such as annotation 8, segmentation.counts",
  ],
  [
    "a short string",
    { segmentation: { size: [4, 6], counts: "522" } },
    "RLE of the wrong length, such as annotation 8, segmentation.counts",
  ],
  [
    "a turned RLE",
    { segmentation: { size: [6, 4], counts: [24] } },
    "RLE of another size than its image matches nothing, such as annotation 8, segmentation.size (found [6,4], expected [4,6])",
  ],
  ["an unknown image", { image_id: 5 }, "unknown image, such as annotation 8, image_id (found 5)"],
  ["an unknown category", { category_id: 5 }, "unknown category, such as annotation 8, category_id (found 5)"],
  ["an id twice", { id: 7 }, "duplicate id, such as annotations[1], id (found 7)"],
  ["no area", { area: undefined }, "missing field, such as annotation 8, area."],
  ["no box", { bbox: undefined }, "missing field, such as annotation 8, bbox."],
  [
    "a box of three",
    { bbox: [1, 2, 3] },
    "wrong type, such as annotation 8, bbox (found [1,2,3], expected [x, y, width, height])",
  ],
  ["a box of null", { bbox: [1, 2, 3, null] }, "wrong type, such as annotation 8, bbox"],
  [
    "a negative box",
    { bbox: [1, 2, -3, 4] },
    "box with a negative side, such as annotation 8, bbox (found [1,2,-3,4])",
  ],
  ["no id", { id: undefined }, "missing field, such as annotations[1], id."],
])("an annotation with %s is left out with a warning", async (_, change, message) => {
  const path = withBad(change);
  const read = await readAnnotations(path);
  expect(read.annotationsOf(1).map(({ id }) => id)).toEqual([7]);
  expect(read.warnings).toHaveLength(1);
  expect(read.warnings[0]).toContain(`${path}: 1 of 2 annotations left out: ${message}`);
});

test.each([
  [
    "a coordinate without its pair",
    [[1, 1, 4, 1, 4, 3, 1, 3, 2]],
    "coordinate without its pair is passed over, such as annotation 8, segmentation[0] (found 9)",
  ],
  [
    "a point beside a good part",
    [
      [1, 1, 4, 1, 4, 3, 1, 3],
      [5, 1],
    ],
    "part of fewer than 3 points is passed over, such as annotation 8, segmentation[1] (found 1)",
  ],
])("an annotation with %s is read without it, with a warning", async (_, segmentation, message) => {
  const path = withBad({ segmentation });
  const read = await readAnnotations(path);
  const plain = await readAnnotations(withBad({ segmentation: [[1, 1, 4, 1, 4, 3, 1, 3]] }));
  expect(read.annotationsOf(1).map(({ mask }) => mask)).toEqual(plain.annotationsOf(1).map(({ mask }) => mask));
  expect(read.warnings).toEqual([expect.stringContaining(`${path}: 1 of 2 annotations are odd: ${message}`)]);
});

test("bad annotations of one kind are counted together", async () => {
  const annotations = [
    square,
    { ...square, id: 8, image_id: 5 },
    { ...square, id: 9, image_id: 6 },
    { ...square, id: 10, bbox: 1 },
  ];
  const { warnings } = await readAnnotations(write({ ...file, annotations }));
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toContain("2 of 4 annotations left out: unknown image, such as annotation 8");
});

test.each([
  ["no images", { ...file, images: undefined }, "no images array at the top level (found annotations, categories"],
  ["no categories", { ...file, categories: undefined }, "no categories array at the top level"],
  ["an object for an array", { ...file, annotations: {} }, "no annotations array at the top level"],
  ["a results file", [], "no images array at the top level"],
  ["an image of no size", { ...file, images: [{ id: 1, file_name: "a" }] }, "image 1, height: missing field"],
  [
    "an image of height 0",
    { ...file, images: [{ id: 1, file_name: "a", height: 0, width: 1 }] },
    "image 1, height: not a length in pixels (found 0)",
  ],
  [
    "an image id of text",
    { ...file, images: [{ ...file.images[0], id: "1" }] },
    'images[0], id: wrong type (found "1", expected an integer)',
  ],
  [
    "an image twice",
    { ...file, images: [file.images[0], file.images[0]] },
    "images[1], id: another image has this id (found 1)",
  ],
  [
    "lists and an unknown frequency",
    {
      ...file,
      images: [{ ...file.images[0], neg_category_ids: [], not_exhaustive_category_ids: [] }],
      categories: [{ id: 3, name: "a", frequency: "x" }],
    },
    "category 3, frequency: wrong type",
  ],
  [
    "another schema of annotations",
    { ...file, annotations: [{ caption: "a cup" }, { caption: "b" }] },
    "none of 2 annotations can be read: annotations[0], id: missing field",
  ],
])("a file with %s is an error that names file and field", async (_, content, message) => {
  const path = write(content);
  await expect(readAnnotations(path)).rejects.toThrow(message);
  await expect(readAnnotations(path)).rejects.toThrow(`${path}: `);
});

test("arrays may come in any order", async () => {
  const { images, annotations, categories } = file;
  const bad = { ...square, id: 8, image_id: 2 };
  const read = await readAnnotations(write({ categories, annotations: [...annotations, bad], images }));
  expect(read.annotationsOf(1)).toHaveLength(1);
  expect(read.warnings[0]).toContain("unknown image");
});

test("annotations of images that are not selected are left aside without a warning", async () => {
  const images = [...file.images, { ...file.images[0], id: 2 }];
  const path = write({ ...file, images, annotations: [square, { ...square, id: 8, image_id: 2 }] });
  const read = await readAnnotations(path, { select: (all) => all.slice(1) });
  expect(read.images.map(({ id }) => id)).toEqual([2]);
  expect(read.annotationsOf(1)).toEqual([]);
  expect(read.annotationsOf(2)).toHaveLength(1);
  expect(read.warnings).toEqual([]);
});

test("LVIS is known by its lists and frequencies, and v1 names its photos by address alone", async () => {
  const image = {
    id: 1,
    height: 4,
    width: 6,
    coco_url: "http://images/val2017/a.jpg",
    neg_category_ids: [4],
    not_exhaustive_category_ids: [],
  };
  const categories = [
    { id: 3, name: "cup", frequency: "r", image_count: 2 },
    { id: 4, name: "mug", frequency: "f" },
  ];
  const read = await readAnnotations(write({ ...file, images: [image], categories }));
  expect(read.format).toBe("lvis");
  expect(read.images[0]).toMatchObject({
    fileName: "val2017/a.jpg",
    negativeCategories: [4],
    notExhaustiveCategories: [],
  });
  expect(read.categories).toEqual([
    { id: 3, name: "cup", frequency: "rare", imageCount: 2 },
    { id: 4, name: "mug", frequency: "frequent" },
  ]);
});

test("an annotation that LVIS ignores is marked as such, others have no mark", async () => {
  const annotations = [0, 1, true, undefined].map((ignore, i) => ({ ...file.annotations[0]!, id: i + 1, ignore }));
  const read = await readAnnotations(write({ ...file, annotations }));
  const found = read.images.flatMap(({ id }) => read.annotationsOf(id));
  expect(found.map(({ ignored }) => ignored)).toEqual([undefined, true, true, undefined]);
  expect(found.map(({ crowd }) => crowd)).toEqual(Array(4).fill(found[0]!.crowd));
});

interface ReferenceMask {
  readonly id: number;
  readonly rle: { readonly size: readonly number[]; readonly counts: string };
  readonly area: number;
  readonly bbox: readonly number[];
}

test.skipIf(shared === undefined).each([
  ["coco", 98, 822, 10],
  ["lvis", 30, 336, 0],
  ["lvis_v05_as_released", 10, 127, 0],
])("every mask of the real set's %s.json is pycocotools' own", async (name, images, count, crowds) => {
  const read = await readAnnotations(join(shared!, "realset", `${name}.json`));
  const reference = JSON.parse(
    readFileSync(join(shared!, "fixtures", "coco", `masks_${name}.json`), "utf8"),
  ) as ReferenceMask[];
  const annotations = read.images.flatMap(({ id }) => read.annotationsOf(id));
  expect([read.images.length, annotations.length, read.warnings]).toEqual([images, count, []]);
  expect(annotations.filter(({ crowd }) => crowd)).toHaveLength(crowds);
  const byId = new Map(annotations.map((annotation) => [annotation.id, annotation]));
  expect(reference).toHaveLength(count);
  for (const { id, rle, area, bbox } of reference) {
    const { mask } = byId.get(id)!;
    expect(formatCounts(mask)).toBe(rle.counts);
    expect([mask.size.height, mask.size.width]).toEqual(rle.size);
    expect(areaOf(mask)).toBe(area);
    const { x0, y0, x1, y1 } = boxOf(mask)!;
    expect([x0, y0, x1 - x0, y1 - y0]).toEqual(bbox);
  }
});

test.each([
  ["segmentation", "no mask|polygon|wrong type"],
  ["id", "wrong type, such as annotations.1., id"],
  ["bbox", "bbox"],
])("a %s nested a hundred thousand deep is left out in words", async (field, words) => {
  const text = JSON.stringify({ ...file, annotations: [square, { ...square, id: 8, [field]: "DEEP" }] });
  const path = write({});
  writeFileSync(path, text.replace('"DEEP"', `${"[".repeat(1e5)}1${"]".repeat(1e5)}`));
  const { warnings } = await readAnnotations(path);
  expect(warnings).toEqual([expect.stringMatching(words)]);
  expect(warnings[0]!.length).toBeLessThan(600);
});
