import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { random } from "../../stats/random.ts";
import { AnnotationScan } from "./annotationScan.ts";
import { readAnnotationParts } from "./annotations.ts";
import type { Entry } from "./entries.ts";

const square = {
  segmentation: [[1, 1, 3, 1, 3.5, 3, 1, 3.25]],
  area: 22.000000000000004,
  iscrowd: 0,
  image_id: 1,
  bbox: [1, 1, 2, 2],
  category_id: 3,
  id: 7,
};

/** Scans one annotation, and returns what is kept of it; nothing where it is left to the parser. */
function scanned(text: string): Entry | undefined {
  const kept: Entry[] = [];
  const images = new Map([
    [1, { size: { height: 4, width: 6 } }],
    [2, {}],
  ]);
  const scan = new AnnotationScan({ images, known: new Set([99]), keep: (entry) => kept.push(entry) });
  const bytes = Buffer.from(`${text},\0`);
  const end = scan.read(bytes, 0, bytes.length - 1);
  if (end < 0) return undefined;
  expect(end).toBe(bytes.length - 2);
  scan.keep(0, end);
  return kept[0];
}

test("an ordinary annotation is read from its bytes, whatever its white space and its order", () => {
  expect(scanned(JSON.stringify(square))).toMatchObject({
    id: 7,
    image: 1,
    category: 3,
    areaPx: 22.000000000000004,
    crowd: false,
    box: { x0: 1, y0: 1, x1: 3, y1: 3 },
    boxAreaPx: 4,
    segmentation: { kind: "polygons", polygons: { ends: [8] } },
  });
  const turned = Object.fromEntries(Object.entries(square).reverse());
  expect(scanned(JSON.stringify(turned, undefined, 2))).toEqual(scanned(JSON.stringify(square)));
  expect(scanned(JSON.stringify({ ...square, iscrowd: 1, ignore: 1, score: 0.5 }))).toMatchObject({
    crowd: true,
    ignored: true,
  });
});

test.each([
  ["of an unknown image", { image_id: 5 }],
  ["of an image without a size", { image_id: 2 }],
  ["of an id that was there", { id: 99 }],
  ["of an id that a double does not hold", { id: 2 ** 53 }],
  ["without an area", { area: undefined }],
  ["with an iscrowd that is neither 0 nor 1", { iscrowd: 0.5 }],
  ["with a negative side", { bbox: [1, 1, -2, 2] }],
  ["with a box of five numbers", { bbox: [1, 1, 2, 2, 2] }],
  ["with run lengths", { segmentation: { size: [4, 6], counts: "5220;" } }],
  ["with no polygon", { segmentation: [] }],
  ["with a polygon of two points", { segmentation: [square.segmentation[0], [1, 1, 2, 2]] }],
  ["with a coordinate without its pair", { segmentation: [[1, 1, 3, 1, 3, 3, 1]] }],
  ["with a polygon far outside", { segmentation: [[1, 1, 3, 1, 1e9, 3]] }],
  ["with a member of text", { note: "mine" }],
])("an annotation %s is left to the parser", (_, change) => {
  expect(scanned(JSON.stringify({ ...square, ...change }))).toBeUndefined();
});

test("a member that comes twice, an escape and a cut end are left to the parser", () => {
  const text = JSON.stringify(square);
  expect(scanned(text.replace("{", '{"id":8,'))).toBeUndefined();
  expect(scanned(text.replace("{", '{"\\u0069d":8,'))).toBeUndefined();
  expect(scanned(text.replace("{", '{"i\nd":8,'))).toBeUndefined();
  expect(scanned(text.slice(0, -1))).toBeUndefined();
});

test("annotations read from their bytes are those that the parser reads, number for number", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-scan-"));
  const { next } = random(0, "test", "annotations");
  // Numbers of few digits, of float64's 17, and whole ones.
  const number = () =>
    [Math.round(1e4 * next()) / 100, 300 * next(), Math.floor(300 * next())][Math.floor(3 * next())]!;
  const numbers = (length: number) => Array.from({ length }, number);
  const annotations = Array.from({ length: 300 }, (_, i) => ({
    id: i + 1,
    image_id: 1 + (i % 2),
    category_id: 1 + (i % 4),
    area: number(),
    bbox: numbers(4),
    iscrowd: i % 7 === 0 ? 1 : 0,
    segmentation: Array.from({ length: 1 + (i % 3) }, () => numbers(6 + 2 * (i % 5))),
  }));
  const parts = ["ordinary", "parsed"].map((name) => {
    const file = join(folder, `${name}.json`);
    const written = name === "ordinary" ? annotations : annotations.map((each) => ({ ...each, note: "mine" }));
    const images = [1, 2].map((id) => ({ id, file_name: `${id}.jpg`, height: 300, width: 300 }));
    const categories = [1, 2, 3].map((id) => ({ id, name: `${id}` }));
    writeFileSync(file, JSON.stringify({ images, annotations: written, categories }));
    return readAnnotationParts(file);
  });
  const [{ entries, store, losses }, parsed] = (await Promise.all(parts)) as [
    Awaited<(typeof parts)[0]>,
    Awaited<(typeof parts)[0]>,
  ];
  expect(entries).toEqual(parsed.entries);
  expect(store).toEqual(parsed.store);
  expect(losses.segm.warnings.map((text) => text.replace("ordinary", "parsed"))).toEqual(parsed.losses.segm.warnings);
  expect(losses.segm.warnings).toHaveLength(1);
});
