import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodePng } from "../../harness/image/codec.ts";
import { resolvePlan } from "../../harness/plan/plan.ts";
import unlabelled from "./dataset.ts";

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "unlabelled-"));
});
afterEach(() => rmSync(data, { recursive: true }));

async function photo(name: string, width = 3): Promise<void> {
  const file = join(data, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, await encodePng({ size: { height: 2, width }, pixels: new Uint8Array(6 * width).fill(9) }));
}

test("photos of a folder are images without targets, and a limit renumbers none", async () => {
  await photo("b.png", 4);
  await photo("trip/a.PNG");
  await photo(".trash/c.png");
  writeFileSync(join(data, "notes.txt"), "no photo");
  const dataset = await unlabelled.open({ data, seed: 0 });
  expect(dataset.images).toEqual([
    { id: 1, fileName: "b.png", size: { height: 2, width: 4 } },
    { id: 2, fileName: "a.PNG", size: { height: 2, width: 3 } },
  ]);
  expect([...dataset.targetsOf(1), ...dataset.annotationsOf(1)]).toEqual([]);
  expect((await dataset.read(2)).pixels[0]).toBe(9);
  const second = await unlabelled.open({ data, seed: 0, images: [2] });
  expect(second.images).toEqual(dataset.images.slice(1));
  expect(second.fingerprint).not.toBe(dataset.fingerprint);
  await expect(dataset.read(3)).rejects.toThrow("unknown image: 3");
});

test("the size in a photo's header is that of its pixels", async () => {
  cpSync(new URL("../photos/images", import.meta.url), data, { recursive: true });
  const dataset = await unlabelled.open({ data, seed: 0 });
  expect(dataset.images).toHaveLength(26);
  // A photo of another size than expected is refused by read.
  for (const { id, size } of dataset.images) expect((await dataset.read(id)).size).toEqual(size);
});

test("a folder without photos, a file and an unreadable photo are refused by name", async () => {
  await expect(unlabelled.open({ seed: 0 })).rejects.toThrow("dataset unlabelled: needs --data");
  await expect(unlabelled.open({ data, seed: 0 })).rejects.toThrow(`--data ${data}: no photos in it`);
  await expect(unlabelled.open({ data: join(data, "x"), seed: 0 })).rejects.toThrow("no such folder");
  writeFileSync(join(data, "a.jpg"), "<html>");
  await expect(unlabelled.open({ data, seed: 0 })).rejects.toThrow(`${join(data, "a.jpg")}: is no picture`);
  await expect(unlabelled.open({ data, seed: 0, purpose: "calibration" })).rejects.toThrow("no masks to learn from");
});

test("a run on photos without masks measures latency alone, and accuracy is refused", async () => {
  await photo("a.png");
  const flags = { variants: "sam-nano", dataset: "unlabelled", data };
  expect((await resolvePlan({ ...flags, baseline: true })).phases).toEqual(["latency"]);
  const refusal = "dataset unlabelled: has no masks, so accuracy can not be measured";
  await expect(resolvePlan({ ...flags, phase: "accuracy" })).rejects.toThrow(refusal);
  await expect(resolvePlan({ ...flags, shard: "1/2" })).rejects.toThrow(refusal);
});
