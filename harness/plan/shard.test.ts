import { expect, test } from "vitest";
import { imagesOfShard, parseShard } from "./shard.ts";

const images = Array.from({ length: 50 }, (_, i) => 1000 - 7 * i);

test("shards share no image, leave none out, differ in size by one at most and keep the order", () => {
  const shards = [1, 2, 3].map((index) => imagesOfShard(images, { index, count: 3 }));
  expect(shards.map(({ length }) => length)).toEqual([17, 17, 16]);
  expect(shards.flat().sort((a, b) => b - a)).toEqual(images);
  for (const shard of shards) expect(shard).toEqual(images.filter((image) => shard.includes(image)));
});

test("an image's shard follows from its id, not from its place in the dataset", () => {
  const backwards = imagesOfShard(images.toReversed(), { index: 2, count: 3 });
  expect(backwards.toReversed()).toEqual(imagesOfShard(images, { index: 2, count: 3 }));
  // The order of sha256sum over `image 1` … `image 6` is 6, 2, 3, 1, 4, 5; dealt out to two.
  expect([1, 2].map((index) => imagesOfShard([1, 2, 3, 4, 5, 6], { index, count: 2 }))).toEqual([
    [3, 4, 6],
    [1, 2, 5],
  ]);
});

test("one shard is the whole run", () => {
  expect(imagesOfShard(images, parseShard("1/1"))).toEqual(images);
});

test.each(["0/3", "4/3", "3", "1/0", "a/b", "-1/3", "1/3/5"])("--shard %s is no part of a run", (text) => {
  expect(() => parseShard(text)).toThrow(`--shard: not a part of a run (found ${text}`);
});

test("more shards than images are refused", () => {
  expect(() => imagesOfShard([1, 2], { index: 1, count: 3 })).toThrow(
    "more shards than images (found 3, expected at most 2)",
  );
});
