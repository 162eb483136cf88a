import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Size } from "../../harness/api.ts";
import { areaOf, boxOf, decodeRle } from "../../harness/mask/rle.ts";
import shapes from "./dataset.ts";
import { onCircle } from "./draw.ts";
import { masksOf } from "./instances.ts";

const hashOf = (pixels: Uint8Array) => createHash("sha256").update(pixels).digest("hex");

test("24 images without a limit, and as many as the limit says", async () => {
  expect((await shapes.open({ seed: 1 })).images).toHaveLength(24);
  expect((await shapes.open({ seed: 1, limit: 500 })).images).toHaveLength(500);
});

test("an image depends on seed and id alone", async () => {
  const few = await shapes.open({ seed: 1, limit: 3 });
  const many = await shapes.open({ seed: 1, limit: 30, images: [3] });
  const other = await shapes.open({ seed: 2, limit: 3 });
  const first = await few.read(3);
  expect(first.size).toEqual(few.images[2]!.size);
  expect(hashOf((await many.read(3)).pixels)).toBe(hashOf(first.pixels));
  expect(many.annotationsOf(3)).toEqual(few.annotationsOf(3));
  expect(hashOf((await other.read(3)).pixels)).not.toBe(hashOf(first.pixels));
});

test("scenes to calibrate on are others than those of any seed, and as deterministic", async () => {
  const learned = await shapes.open({ seed: 0, limit: 2, purpose: "calibration" });
  const again = await shapes.open({ seed: 0, limit: 2, purpose: "calibration" });
  expect(hashOf((await learned.read(2)).pixels)).toBe(hashOf((await again.read(2)).pixels));
  const scored = await shapes.open({ seed: 0, limit: 2 });
  expect(learned.fingerprint).not.toBe(scored.fingerprint);
  expect(hashOf((await learned.read(2)).pixels)).not.toBe(hashOf((await scored.read(2)).pixels));
});

test("an image is the same after others took its place in memory", async () => {
  const dataset = await shapes.open({ seed: 1, limit: 8 });
  const before = hashOf((await dataset.read(1)).pixels);
  for (let id = 2; id <= 8; id++) dataset.annotationsOf(id);
  expect(hashOf((await dataset.read(1)).pixels)).toBe(before);
});

test("the pixels of seed 1 are these on every machine", async () => {
  const dataset = await shapes.open({ seed: 1, limit: 4 });
  expect(hashOf((await dataset.read(4)).pixels)).toBe(
    "1c38a95a7208cac90c13e40f3977d77040a2d9c48094b58b9065bfc450362916",
  );
});

test("masks, boxes and areas agree, ids are unique, categories known", async () => {
  const dataset = await shapes.open({ seed: 3, limit: 12 });
  const known = new Set(dataset.categories.map(({ id }) => id));
  const ids = new Set<number>();
  for (const { id, size } of dataset.images) {
    for (const annotation of dataset.annotationsOf(id)) {
      expect(annotation.mask.size).toEqual(size);
      expect(annotation.areaPx).toBe(areaOf(annotation.mask));
      expect(annotation.areaPx).toBeGreaterThanOrEqual(24);
      expect(annotation.box).toEqual(boxOf(annotation.mask));
      expect(known.has(annotation.category)).toBe(true);
      expect(ids.has(annotation.id)).toBe(false);
      ids.add(annotation.id);
    }
  }
  expect(ids.size).toBeGreaterThan(80);
});

test("scenes are varied: every category, all three sizes, holes and parts", async () => {
  const dataset = await shapes.open({ seed: 1, limit: 40 });
  const annotations = dataset.images.flatMap(({ id }) => dataset.annotationsOf(id));
  expect(new Set(annotations.map(({ category }) => category)).size).toBe(dataset.categories.length);
  const small = 32 ** 2;
  const large = 96 ** 2;
  const shares = [
    annotations.filter(({ areaPx }) => areaPx < small),
    annotations.filter(({ areaPx }) => areaPx >= small && areaPx < large),
    annotations.filter(({ areaPx }) => areaPx >= large),
  ].map((group) => group.length / annotations.length);
  for (const share of shares) expect(share).toBeGreaterThan(0.1);
});

test("things hide one another: some masks have several regions, some have holes", async () => {
  const dataset = await shapes.open({ seed: 1, limit: 8 });
  const masks = dataset.images.flatMap(({ id }) => dataset.annotationsOf(id)).map(({ mask }) => mask);
  expect(masks.filter((mask) => regionsOf(decodeRle(mask), mask.size, 1) > 1).length).toBeGreaterThan(5);
  expect(masks.filter((mask) => regionsOf(decodeRle(mask), mask.size, 0) > 1).length).toBeGreaterThan(10);
});

/** Number of 4-connected regions of `value`; those of 0 beyond the first are holes, or corners that a mask cuts off. */
function regionsOf(bitmap: Uint8Array, { height, width }: Size, value: 0 | 1): number {
  const open = bitmap.map((pixel) => (pixel === value ? 1 : 0));
  let regions = 0;
  for (let start = 0; start < open.length; start++) {
    if (open[start] === 0) continue;
    regions++;
    const stack = [start];
    open[start] = 0;
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const x = at % width;
      const y = Math.floor(at / width);
      const next = [
        x > 0 ? at - 1 : at,
        x + 1 < width ? at + 1 : at,
        y > 0 ? at - width : at,
        y + 1 < height ? at + width : at,
      ];
      for (const neighbour of next) {
        if (open[neighbour] === 0) continue;
        open[neighbour] = 0;
        stack.push(neighbour);
      }
    }
  }
  return regions;
}

test("the fingerprint follows seed and images", async () => {
  const printOf = async (seed: number, options = {}) => (await shapes.open({ seed, limit: 5, ...options })).fingerprint;
  expect(await printOf(1)).toBe(await printOf(1));
  const prints = [
    await printOf(1),
    await printOf(2),
    await printOf(1, { limit: 6 }),
    await printOf(1, { images: [2] }),
  ];
  expect(new Set(prints).size).toBe(4);
});

test("a limit of 0 and an unknown image are refused", async () => {
  await expect(shapes.open({ seed: 1, limit: 0 })).rejects.toThrow("--limit: must be at least 1");
  await expect(shapes.open({ seed: 1, images: [25] })).rejects.toThrow("unknown image: 25");
});

test("the circle of products and sums is the circle", () => {
  for (let i = -40; i < 120; i++) {
    const { x, y } = onCircle(i / 37);
    expect(x).toBeCloseTo(Math.cos((2 * Math.PI * i) / 37), 7);
    expect(y).toBeCloseTo(Math.sin((2 * Math.PI * i) / 37), 7);
  }
});

test("masks of a map of owners are the pixels of each number", () => {
  const size = { height: 2, width: 4 };
  const masks = masksOf(Uint16Array.from([1, 1, 0, 2, 2, 1, 0, 2]), size);
  expect([...masks.keys()].sort()).toEqual([1, 2]);
  expect([...decodeRle(masks.get(1)!)]).toEqual([1, 1, 0, 0, 0, 1, 0, 0]);
  expect([...decodeRle(masks.get(2)!)]).toEqual([0, 0, 0, 1, 1, 0, 0, 1]);
});
