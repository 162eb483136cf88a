import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { encodePng, writeMaskPng } from "../../harness/image/codec.ts";
import { decodeRle } from "../../harness/mask/rle.ts";
import folder from "./dataset.ts";

const seed = 1;
const size = { height: 2, width: 3 };

type Content = "photo" | { readonly mask: readonly number[] } | { readonly labels: readonly number[] };

/** `photo` is a grey picture; `mask` is written as 0 and 255, `labels` as the grey values given. */
async function folderOf(files: Record<string, Content>): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), "sam-bench-folder-"));
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    if (content === "photo") writeFileSync(path, await encodePng({ size, pixels: new Uint8Array(18).fill(9) }));
    else if ("mask" in content) await writeMaskPng(path, Uint8Array.from(content.mask), size);
    else
      writeFileSync(path, await encodePng({ size, pixels: Uint8Array.from(content.labels.flatMap((v) => [v, v, v])) }));
  }
  return root;
}

const open = async (files: Record<string, Content>, options = {}) =>
  folder.open({ data: await folderOf(files), seed, ...options });

test("a PNG of the photo's name holds one number an instance", async () => {
  const dataset = await open({ "images/a.png": "photo", "masks/a.png": { labels: [0, 4, 4, 2, 0, 2] } });
  expect(dataset.images).toEqual([{ id: 1, fileName: "a.png", size }]);
  const annotations = dataset.annotationsOf(1);
  expect(annotations.map(({ id, category, areaPx, crowd }) => [id, category, areaPx, crowd])).toEqual([
    [65538, 1, 2, false],
    [65540, 1, 2, false],
  ]);
  expect([...decodeRle(annotations[0]!.mask)]).toEqual([0, 0, 0, 1, 0, 1]);
  expect(annotations[1]!.box).toEqual({ x0: 1, y0: 0, x1: 3, y1: 1 });
  expect(dataset.targetsOf(1)).toEqual(annotations);
  expect((await dataset.read(1)).pixels[0]).toBe(9);
});

test("masks one a file lie in a folder of the photo's name, or begin with it", async () => {
  const dataset = await open({
    "photos/deep/a.png": "photo",
    "photos/b.png": "photo",
    "photos/b_1.png": "photo",
    "masks/deep/a/cat.png": { mask: [1, 0, 0, 0, 0, 0] },
    "masks/deep/a/dog.png": { mask: [0, 1, 1, 0, 0, 0] },
    "masks/b_left.png": { mask: [1, 1, 0, 0, 0, 0] },
    "masks/b_1_x.png": { mask: [1, 1, 1, 0, 0, 0] },
    "masks/b_1.png": { mask: [1, 1, 1, 1, 0, 0] },
    "masks/b_empty.png": { mask: [0, 0, 0, 0, 0, 0] },
  });
  const areas = dataset.images.map(({ id, fileName }) => [
    fileName,
    ...dataset.annotationsOf(id).map(({ areaPx }) => areaPx),
  ]);
  expect(areas).toEqual([
    ["b.png", 2],
    ["b_1.png", 4, 3],
    ["deep/a.png", 1, 2],
  ]);
  const ids = dataset.images.flatMap(({ id }) => dataset.annotationsOf(id)).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("label 255 beside others is void and said so; alone it is a mask", async () => {
  const dataset = await open({
    ...({ "images/a.png": "photo", "images/b.png": "photo" } as const),
    "masks/a.png": { labels: [0, 255, 1, 1, 0, 0] },
    "masks/b.png": { labels: [0, 255, 255, 0, 0, 0] },
  });
  expect([1, 2].map((id) => dataset.annotationsOf(id).map(({ areaPx }) => areaPx))).toEqual([[2], [2]]);
  expect(dataset.warnings).toHaveLength(1);
  expect(dataset.warnings[0]).toContain("1 px of label 255 were taken as void");
});

test("a photo without masks has no annotations", async () => {
  const dataset = await open({
    "images/a.png": "photo",
    "images/b.png": "photo",
    "masks/b.png": { labels: [1, 0, 0, 0, 0, 0] },
  });
  expect(dataset.images.map(({ size: each }) => each)).toEqual([size, size]);
  expect(dataset.annotationsOf(1)).toEqual([]);
});

test("limit and images choose, and renumber nothing", async () => {
  const files = {
    "images/a.png": "photo",
    "images/b.png": "photo",
    "masks/b.png": { labels: [1, 0, 0, 0, 0, 0] },
  } as const;
  const whole = await open(files);
  const second = await open(files, { images: [2] });
  expect(second.images).toEqual(whole.images.slice(1));
  expect(second.annotationsOf(2)).toEqual(whole.annotationsOf(2));
  expect(second.fingerprint).not.toBe(whole.fingerprint);
  expect((await open(files, { limit: 1 })).images).toHaveLength(1);
  await expect(open(files, { limit: 0 })).rejects.toThrow("--limit: must be at least 1");
  await expect(open(files, { images: [3] })).rejects.toThrow("unknown image: 3");
});

test("the fingerprint follows the masks", async () => {
  const printOf = async (labels: readonly number[]) =>
    (await open({ "images/a.png": "photo", "masks/a.png": { labels } })).fingerprint;
  expect(await printOf([0, 1, 0, 0, 0, 0])).toBe(await printOf([0, 1, 0, 0, 0, 0]));
  expect(await printOf([0, 1, 0, 0, 0, 0])).not.toBe(await printOf([1, 0, 0, 0, 0, 0]));
});

test.each([
  [{ "masks/a.png": { mask: [1, 0, 0, 0, 0, 0] } }, /no folder images, photos, JPEGImages in it/],
  [{ "images/a.png": "photo" }, /no folder masks, labels, SegmentationObject in it/],
  [{ "images/a.png": "photo", "masks/c.png": { mask: [1, 0, 0, 0, 0, 0] } }, /1 masks of no photo \(found c\.png/],
  [{ "images/a.txt": "photo", "masks/a.png": { mask: [1, 0, 0, 0, 0, 0] } }, /images: no photos in it/],
  [
    { "images/a.png": "photo", "images/a.webp": "photo", "masks/x": "photo" },
    /two photos of one name \(found a\.png, a\.webp\)/,
  ],
] as [Record<string, Content>, RegExp][])("a folder of another layout is refused: %j", async (files, message) => {
  await expect(open(files)).rejects.toThrow(message);
});

test("masks of two sizes are refused", async () => {
  const data = await folderOf({ "images/a.png": "photo", "masks/a_1.png": { mask: [1, 0, 0, 0, 0, 0] } });
  await writeMaskPng(join(data, "masks/a_2.png"), Uint8Array.from([1, 0]), { height: 1, width: 2 });
  await expect(folder.open({ data, seed })).rejects.toThrow(
    /a_2\.png: a mask of another size .*found 2 x 1, expected 3 x 2/,
  );
});
