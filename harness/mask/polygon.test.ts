import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { shared } from "../shared.ts";
import far from "./fixtures/far_polygons.json" with { type: "json" };
import cases from "./fixtures/mask_cases.json" with { type: "json" };
import coco from "./fixtures/masks_coco.json" with { type: "json" };
import lvis from "./fixtures/masks_lvis.json" with { type: "json" };
import lvis05 from "./fixtures/masks_lvis_v05_as_released.json" with { type: "json" };
import { drawPolygon, rleFromBox, rleFromPolygons } from "./polygon.ts";
import { areaOf, rleFromCounts } from "./rle.ts";
import { formatCounts } from "./rleString.ts";
import { RunTable } from "./runTable.ts";

const size = { height: cases.size[0]!, width: cases.size[1]! };

interface AnnotationFile {
  readonly images: readonly { id: number; height: number; width: number }[];
  readonly annotations: readonly { id: number; image_id: number; segmentation: number[][] | { counts: number[] } }[];
}

test("hand-made polygons have the pixels that pycocotools gives them: outside the image, degenerate, self-crossing", () => {
  cases.polygons.forEach((polygon, i) => {
    expect(formatCounts(rleFromPolygons([polygon], size))).toBe(cases.polygon_rle[i]!.counts);
  });
});

test("a polygon drawn into a table is the mask that it is by itself, on images of any size", () => {
  const table = new RunTable();
  for (const image of [size, { height: 7, width: 5 }, { height: 0, width: 9 }, { height: 9, width: 0 }])
    for (const polygon of cases.polygons) {
      const mask = rleFromPolygons([polygon], image);
      const index = drawPolygon(polygon, image, table);
      expect(table.rle(index, image)).toEqual(mask);
      expect(table.areaOf(index)).toBe(areaOf(mask));
    }
  expect(() => drawPolygon([0, 0, 1e9, 0, 5, 5], size, table)).toThrow("coordinate 3 is far outside of any image");
});

test("several polygons are one mask, their union", () => {
  expect(formatCounts(rleFromPolygons(cases.polygons, size))).toBe(cases.polygons_merged.counts);
});

test("boxes have the pixels that pycocotools gives them", () => {
  cases.boxes.forEach(([x, y, width, height], i) => {
    const box = { x0: x!, y0: y!, x1: x! + width!, y1: y! + height! };
    expect(formatCounts(rleFromBox(box, size))).toBe(cases.box_rle[i]!.counts);
  });
});

test.skipIf(shared === undefined).each([
  ["coco.json", coco],
  ["lvis.json", lvis],
  ["lvis_v05_as_released.json", lvis05],
] as const)("every annotation of %s has the mask that pycocotools gives it", (name, masks) => {
  const file = JSON.parse(readFileSync(join(shared!, "realset", name), "utf8")) as AnnotationFile;
  const sizes = new Map(file.images.map((image) => [image.id, { height: image.height, width: image.width }]));
  const expected = new Map(masks.map(({ id, rle }) => [id, rle.counts]));
  const wrong = file.annotations.filter(({ id, image_id, segmentation }) => {
    const imageSize = sizes.get(image_id)!;
    const mask = Array.isArray(segmentation)
      ? rleFromPolygons(segmentation, imageSize)
      : rleFromCounts(segmentation.counts, imageSize);
    return formatCounts(mask) !== expected.get(id);
  });
  expect(file.annotations).toHaveLength(masks.length);
  expect(wrong.map(({ id }) => id)).toEqual([]);
});

test("a polygon of whole pixels covers just those", () => {
  const square = [2, 3, 6, 3, 6, 8, 2, 8];
  expect(rleFromPolygons([square], size)).toEqual(rleFromBox({ x0: 2, y0: 3, x1: 6, y1: 8 }, size));
  expect(areaOf(rleFromPolygons([square], size))).toBe(20);
});

test("a polygon's mask does not depend on its direction or first point", () => {
  const points = cases.polygons.at(-1)!;
  const pairs = points.flatMap((_, i) => (i % 2 === 0 ? [[points[i]!, points[i + 1]!]] : []));
  const expected = rleFromPolygons([points], size);
  expect(rleFromPolygons([pairs.toReversed().flat()], size)).toEqual(expected);
  expect(rleFromPolygons([[...pairs.slice(2), ...pairs.slice(0, 2)].flat()], size)).toEqual(expected);
});

test.each([
  [
    [[1, 1, 1e15, 1, 3, 3]],
    "annotation 12, polygon 1 of 1: coordinate 3 is far outside of any image (found 1000000000000000, expected -1000000",
  ],
  [[[1, 1, Number.NaN, 1, 3, 3]], "annotation 12, polygon 1 of 1: coordinate 3 is not a number (found NaN)"],
  [[], "annotation 12: no polygon (expected at least one)"],
])("a broken polygon is refused by its place: %j", (polygons, message) => {
  const wrong = () => rleFromPolygons(polygons, size, "annotation 12");
  expect(wrong).toThrow(HarnessError);
  expect(wrong).toThrow(message);
});

test("a coordinate without its pair is passed over, and a part of one or two points has no pixel", () => {
  const square = [2, 3, 6, 3, 6, 8, 2, 8];
  const expected = rleFromPolygons([square], size);
  expect(rleFromPolygons([[...square, 5]], size)).toEqual(expected);
  expect(rleFromPolygons([square, [1, 1], [1, 1, 9, 1], []], size)).toEqual(expected);
});

test("a box of any length ends at its image, in the time of its image", () => {
  const start = performance.now();
  for (const far of [1e3, 1e9, 1e20, 1e308])
    expect(rleFromBox({ x0: 2, y0: 3, x1: far, y1: far }, size)).toEqual(
      rleFromBox({ x0: 2, y0: 3, x1: size.width, y1: size.height }, size),
    );
  expect(performance.now() - start).toBeLessThan(2000);
});

test("corners up to a million pixels outside give pycocotools' masks, in the time of the image", () => {
  const start = performance.now();
  for (const { size: sides, polygon, counts } of far.cases) {
    const [height, width] = sides as [number, number];
    expect(formatCounts(rleFromPolygons([polygon], { height, width }))).toBe(counts);
  }
  expect(performance.now() - start).toBeLessThan(2000);
});
