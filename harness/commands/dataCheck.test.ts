import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { encodeJpeg, readImage } from "../image/index.ts";
import { shared } from "../shared.ts";
import { checkData } from "./dataCheck.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { type AnnotationJson, DataCopy, type Found } from "./fixtures/dataCopy.ts";
import { faults } from "./fixtures/plantedFaults.ts";

const freePhotos = fileURLToPath(new URL("../../datasets/photos", import.meta.url));

const original: readonly Pick<Found, "kind" | "severity">[] = [
  { kind: "box-off", severity: "note" },
  { kind: "image-empty", severity: "note" },
];

describe("a copy of the free photos", () => {
  test("has no fault, and the notes that the originals have", async () => {
    const { code, found } = await new DataCopy(freePhotos, "instances.json").check();
    expect(code).toBe(0);
    expect(found).toMatchObject(original);
    expect(found.map(({ count }) => count)).toEqual([3, 2]);
  });

  test.each(faults)("with $what has that fault and no other", async ({ plant, kinds, example, as }) => {
    const copy = new DataCopy(freePhotos, "instances.json");
    await plant(copy);
    // Faults of annotations need no photo decoded, which is most of the time.
    const { code, found } = await copy.check(as, { photos: kinds.some((kind) => kind.startsWith("photo")) });
    const wrong = found.filter(({ severity }) => severity === "fault");
    expect(code).toBe(1);
    expect(wrong.map(({ kind }) => kind)).toEqual(kinds);
    expect(wrong[0]!.examples[0]).toMatch(example);
  });

  test("with a photo that is not there has no fault where photos are not looked at", async () => {
    const copy = new DataCopy(freePhotos, "instances.json");
    rmSync(copy.photo(3));
    const { code, text } = await copy.check("instances.json", { photos: false });
    expect(code).toBe(0);
    expect(text).not.toContain('"photos"');
  });
});

test("the text names file, counts, findings with their first places, and the verdict", async () => {
  const copy = new DataCopy(freePhotos, "instances.json");
  for (const i of [3, 4, 5, 6]) rmSync(copy.photo(i));
  await copy.check();
  const console = memoryConsole();
  expect(await checkData({ data: copy.folder }, console)).toBe(1);
  const text = console.said.out.replaceAll(copy.folder, "DATA");
  expect(text).toContain(
    "DATA/instances.json\n  COCO instances (photos of val2017): 26 images, 206 annotations, 2 of them crowds, 80 categories\n",
  );
  expect(text).toContain(
    "  photos: 22 of 26 are there; each was decoded whole\n  fault: photos are missing, 4 (photo-missing)\n",
  );
  expect(text).toContain("    and 1 more\n  note: boxes lie off their masks, 3 (box-off)\n");
  expect(text).toMatch(/\n\n1 kind of fault in 1 of 1 file; 2 notes of what published files have too\n$/);
});

test("a folder without an annotation file, and one that is not there, are refused", async () => {
  const empty = mkdtempSync(join(tmpdir(), "check-"));
  await expect(checkData({ data: empty }, memoryConsole())).rejects.toThrow(
    "no annotation file of COCO or LVIS below it (found no JSON file",
  );
  await expect(checkData({ data: join(empty, "x") }, memoryConsole())).rejects.toThrow("no such file or folder");
  await expect(checkData({}, memoryConsole())).rejects.toThrow("a folder or an annotation file is needed");
});

test("a file that breaks off is a fault of that file, and the others are looked through", async () => {
  const copy = new DataCopy(freePhotos, "instances.json");
  await copy.check();
  writeFileSync(join(copy.folder, "lvis_v1_val.json"), '{"images": [');
  const console = memoryConsole();
  expect(await checkData({ data: copy.folder, json: true }, console)).toBe(1);
  const answers = JSON.parse(console.said.out) as { file: string; findings: Found[] }[];
  expect(answers.map(({ findings }) => findings.map(({ kind }) => kind))).toEqual([
    ["box-off", "image-empty"],
    ["field"],
  ]);
});

describe.skipIf(shared === undefined)("the real set, where ../shared lies", () => {
  const realset = () => join(shared!, "realset");

  test("has no fault, and the notes that its README names", async () => {
    const console = memoryConsole();
    expect(await checkData({ data: realset(), json: true }, console)).toBe(0);
    const answers = JSON.parse(console.said.out) as { findings: Found[] }[];
    expect(answers).toHaveLength(4);
    for (const { findings } of answers) for (const { severity } of findings) expect(severity).toBe("note");
    expect(answers.map(({ findings }) => findings.map(({ kind, count }) => `${kind} ${count}`))).toEqual([
      ["box-off 16", "image-empty 2"],
      ["box-off 4", "image-empty 1"],
      ["box-off 1", "image-empty 1"],
      ["box-off 1"],
    ]);
  });

  test("with ten faults at once shows each of them once", async () => {
    const copy = new DataCopy(realset(), "coco.json");
    const [a, b, c, d, e, f] = copy.polygons.filter(({ image_id }) => image_id !== copy.json.images[5]!.id);
    rmSync(copy.photo(0));
    truncateSync(copy.photo(1), 20_000);
    const { size, pixels } = await readImage(copy.photo(2));
    const turned = { height: size.width, width: size.height };
    writeFileSync(copy.photo(2), await encodeJpeg({ size: turned, pixels }, 90));
    const twin = copy.json.images.findIndex(
      ({ height, width }, i) =>
        i > 2 && i !== 5 && height === copy.json.images[5]!.height && width === copy.json.images[5]!.width,
    );
    copyFileSync(copy.photo(5), copy.photo(twin));
    (a!.segmentation as number[][])[0]![1] = -9;
    b!.segmentation = { size: [4, 4], counts: [4, 4, 8] };
    c!.segmentation = [];
    d!.bbox[1]! -= 60;
    e!.area *= 20;
    copy.json.annotations.push({ ...f!, id: 1 });
    const { code, found } = await copy.check();
    expect(code).toBe(1);
    const wrong = found.filter(({ severity }) => severity === "fault");
    expect(wrong.map(({ kind, count }) => `${kind} ${count}`)).toEqual([
      "photo-missing 1",
      "photo-damaged 1",
      "photo-size 1",
      "photo-twice 1",
      "mask-empty 1",
      "mask-outside 1",
      "mask-size 1",
      "box-off 1",
      "area-off 1",
      "annotation-twice 1",
    ]);
  });

  test("categories of LVIS v0.5 in a file of v1 are found, and a category that its image is said not to show", async () => {
    const copy = new DataCopy(realset(), "lvis.json");
    const v05 = JSON.parse(readFileSync(join(realset(), "lvis_v05_as_released.json"), "utf8")) as AnnotationJson;
    copy.json.categories = v05.categories;
    const schemes = await copy.check("lvis_v1_val.json", { photos: false });
    expect(schemes.found.map(({ kind }) => kind).slice(0, 2)).toEqual(["split-counts", "category-scheme"]);
    expect(schemes.found[1]!.examples).toEqual([
      "categories of LVIS v0.5 (aerosol_can is 2) in a file named as one of v1",
    ]);
    const listed = new DataCopy(realset(), "lvis.json");
    const [annotation] = listed.json.annotations;
    listed.json.images.find(({ id }) => id === annotation!.image_id)!.neg_category_ids = [annotation!.category_id];
    const { found } = await listed.check("lvis.json", { photos: false });
    expect(found[0]).toMatchObject({ kind: "lists-contradict", severity: "fault" });
  });
});
