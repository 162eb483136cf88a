import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { walkJson } from "../../harness/coco/json/json.ts";
import { encodePng } from "../../harness/image/codec.ts";
import { shared } from "../../harness/shared.ts";
import lvis from "../lvis/dataset.ts";
import coco from "./dataset.ts";

vi.mock("../../harness/coco/json/json.ts", { spy: true });

const seed = 1;
const size = { height: 4, width: 6 };
const photo = await encodePng({ size, pixels: new Uint8Array(72).map((_, i) => i) });

const image = { id: 1, file_name: "a.png", coco_url: "http://images/val2017/b.png", ...size };
const annotation = {
  id: 7,
  image_id: 1,
  category_id: 3,
  area: 4,
  bbox: [1, 1, 2, 2],
  segmentation: [[1, 1, 3, 1, 3, 3]],
};
const instances = { images: [image], annotations: [annotation], categories: [{ id: 3, name: "cup" }] };
const federated = { ...instances, categories: [{ id: 3, name: "cup", frequency: "f" }] };

/** A folder with these files; an object becomes JSON. */
function folderOf(files: Record<string, unknown>): string {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-dataset-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    const plain = typeof content === "string" || content instanceof Uint8Array;
    writeFileSync(join(folder, name), plain ? content : JSON.stringify(content));
  }
  return folder;
}

const open = (files: Record<string, unknown>, options = {}) => coco.open({ data: folderOf(files), seed, ...options });

test.each([
  ["its file name", "a.png"],
  ["its file name in any folder", "deep/down/a.png"],
  ["the last two parts of its address", "photos/val2017/b.png"],
  ["the basename of its address", "other/b.png"],
])("a photo is found by %s", async (_, path) => {
  const dataset = await open({ "annotations/instances_val2017.json": instances, [path]: photo });
  expect((await dataset.read(1)).pixels[71]).toBe(71);
  expect(dataset.targetsOf(1).map(({ id }) => id)).toEqual([7]);
});

test("the file name goes before the address, the address' folder before another", async () => {
  const other = await encodePng({ size, pixels: new Uint8Array(72) });
  const named = await open({ "instances.json": instances, "x/a.png": photo, "val2017/b.png": other });
  expect((await named.read(1)).pixels[71]).toBe(71);
  const addressed = await open({ "instances.json": instances, "val2017/b.png": photo, "x/b.png": other });
  expect((await addressed.read(1)).pixels[71]).toBe(71);
});

test("a missing photo is an error when it is read, and names the image and where it was looked for", async () => {
  const files = { "instances.json": instances, "c.png": photo };
  const dataset = await open(files);
  await expect(dataset.read(1)).rejects.toThrow(
    /image 1: no photo below .*expected a\.png or val2017\/b\.png or b\.png/,
  );
  await expect(dataset.read(2)).rejects.toThrow("unknown image: 2");
});

test("a name that leads out of the folder finds nothing there", async () => {
  const data = folderOf({ "data/in.png": photo, "outside.png": photo });
  for (const name of ["../outside.png", "x/../../outside.png", join(data, "outside.png"), "..\\outside.png"]) {
    writeFileSync(
      join(data, "data", "instances.json"),
      JSON.stringify({ ...instances, images: [{ ...image, file_name: name }] }),
    );
    const dataset = await coco.open({ data: join(data, "data"), seed });
    await expect(dataset.read(1)).rejects.toThrow("image 1: no photo below");
  }
});

test("a photo in two folders is not guessed", async () => {
  const dataset = await open({ "instances.json": instances, "x/a.png": photo, "y/a.png": photo });
  await expect(dataset.read(1)).rejects.toThrow(/image 1: its photo is in 2 folders below .*x\/a\.png, y\/a\.png/);
});

test("a photo of another size than its JSON says is refused", async () => {
  const turned = await encodePng({ size: { height: 6, width: 4 }, pixels: new Uint8Array(72) });
  const dataset = await open({ "instances.json": instances, "a.png": turned });
  await expect(dataset.read(1)).rejects.toThrow(/found 4 x 6, expected 6 x 4/);
});

test("the annotation file is chosen by name, then by content", async () => {
  const second = { ...instances, images: [image, { ...image, id: 2 }] };
  const chosen = async (files: Record<string, unknown>) => (await open(files)).images.length;
  expect(await chosen({ "x/instances_train2017.json": instances, "x/instances_val2017.json": second })).toBe(2);
  expect(await chosen({ "coco.json": second, "instances_mine.json": instances, "lvis.json": federated })).toBe(2);
  expect(
    await chosen({ "mine.json": second, "results.json": [], "captions.json": { images: [], annotations: [] } }),
  ).toBe(2);
});

test("two files that fit equally are named, and one may be given by path", async () => {
  const data = folderOf({ "one.json": instances, "two.json": instances, "a.png": photo });
  await expect(coco.open({ data, seed })).rejects.toThrow(
    /several annotation files fit \(found one\.json, two\.json\)/,
  );
  const dataset = await coco.open({ data: join(data, "two.json"), seed });
  expect((await dataset.read(1)).size).toEqual(size);
});

test("photos of a JSON given by path lie beside its annotations folder", async () => {
  const data = folderOf({ "annotations/mine.json": instances, "val2017/b.png": photo });
  const dataset = await coco.open({ data: join(data, "annotations", "mine.json"), seed });
  expect((await dataset.read(1)).size).toEqual(size);
});

test("a folder without annotations says what was found instead", async () => {
  await expect(open({ "lvis.json": federated, "x.json": { a: [] } })).rejects.toThrow(
    /no COCO instances JSON below it \(found .*lvis\.json \(LVIS\).*x\.json \(no images, annotations, categories\)|found .*x\.json.*lvis\.json/,
  );
  await expect(open({})).rejects.toThrow(/found no JSON file/);
  await expect(coco.open({ seed })).rejects.toThrow("dataset coco: needs --data");
  await expect(coco.open({ seed, data: join(tmpdir(), "no such folder") })).rejects.toThrow("no such file or folder");
});

test("a broken file of the right name is not passed over for another", async () => {
  const files = { "instances_val2017.json": '{"images": [', "instances_train2017.json": instances };
  await expect(open(files)).rejects.toThrow(/instances_val2017\.json: broken JSON in images/);
});

test("LVIS given as COCO, and the reverse, is refused with the right name", async () => {
  const data = folderOf({ "lvis.json": federated, "coco.json": instances });
  await expect(coco.open({ data: join(data, "lvis.json"), seed })).rejects.toMatchObject({
    hint: "try --dataset lvis",
  });
  await expect(lvis.open({ data: join(data, "coco.json"), seed })).rejects.toMatchObject({
    hint: "try --dataset coco",
  });
});

test("the fingerprint follows the annotations and the images chosen, not the place", async () => {
  const two = { ...instances, images: [image, { ...image, id: 2 }] };
  const printOf = async (content: unknown, options = {}) => (await open({ "coco.json": content }, options)).fingerprint;
  const whole = await printOf(two);
  expect(await printOf(two)).toBe(whole);
  expect(await printOf(two, { limit: 5 })).toBe(whole);
  const others = [
    await printOf(two, { limit: 1 }),
    await printOf(two, { images: [2] }),
    await printOf({ ...two, annotations: [{ ...annotation, segmentation: [[1, 1, 3, 1, 3, 4]] }] }),
    await printOf({ ...two, annotations: [] }),
  ];
  expect(new Set([whole, ...others]).size).toBe(5);
});

test("limit and images choose; a limit of 0 and an unknown image are refused", async () => {
  const two = { ...instances, images: [image, { ...image, id: 2 }] };
  expect((await open({ "coco.json": two }, { images: [2] })).images.map(({ id }) => id)).toEqual([2]);
  await expect(open({ "coco.json": two }, { limit: 0 })).rejects.toThrow("--limit: must be at least 1");
  await expect(open({ "coco.json": two }, { images: [3] })).rejects.toThrow("unknown image: 3");
});

test("with a cache, a dataset is read through once, and is the same from its index", async () => {
  const walk = vi.mocked(walkJson);
  const data = folderOf({ "coco.json": instances, "lvis.json": federated, "x/a.png": photo });
  const cache = join(data, "cache");
  const plain = await coco.open({ data, seed });
  await coco.open({ data, seed, cache });
  await lvis.open({ data, seed, cache });
  walk.mockClear();
  for (const plugin of [coco, lvis]) {
    const again = await plugin.open({ data, seed, cache });
    expect(again.targetsOf(1).map(({ id, mask }) => [id, mask])).toEqual(
      plain.targetsOf(1).map(({ id, mask }) => [id, mask]),
    );
    expect((await again.read(1)).pixels[71]).toBe(71);
  }
  expect((await coco.open({ data, seed, cache })).fingerprint).toBe(plain.fingerprint);
  expect(walk).not.toHaveBeenCalled();
  await expect(lvis.open({ data: join(data, "coco.json"), seed, cache })).rejects.toMatchObject({
    hint: "try --dataset coco",
  });
});

test("bad annotations reach the dataset's warnings", async () => {
  const annotations = [annotation, { ...annotation, id: 8, segmentation: [] }];
  const dataset = await open({ "coco.json": { ...instances, annotations } });
  expect(dataset.warnings).toHaveLength(1);
  expect(dataset.targetsOf(1)).toHaveLength(1);
});

test.skipIf(shared === undefined)("the real set opens as coco and as lvis, with every photo", async () => {
  const data = join(shared!, "realset");
  const dataset = await coco.open({ data, seed });
  const annotations = dataset.images.flatMap(({ id }) => dataset.annotationsOf(id));
  expect([dataset.images.length, annotations.length]).toEqual([98, 822]);
  expect(annotations.filter(({ crowd }) => crowd)).toHaveLength(10);
  for (const { id, size: expected } of dataset.images) expect((await dataset.read(id)).size).toEqual(expected);
  const other = await lvis.open({ data, seed });
  expect([other.images.length, other.images.flatMap(({ id }) => other.annotationsOf(id)).length]).toEqual([30, 336]);
  for (const { id, size: expected } of other.images) expect((await other.read(id)).size).toEqual(expected);
});

test.skipIf(shared === undefined)("LVIS v0.5 finds its photos by address", async () => {
  const dataset = await lvis.open({ data: join(shared!, "realset", "lvis_v05_as_released.json"), seed });
  expect(dataset.images[0]!.fileName).toMatch(/^COCO_val2014_/);
  expect(dataset.images).toHaveLength(10);
  for (const { id, size: expected } of dataset.images) expect((await dataset.read(id)).size).toEqual(expected);
});
