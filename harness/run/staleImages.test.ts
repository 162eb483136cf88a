import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Dataset } from "../api.ts";
import { exampleManifest, examplePrediction } from "../store/fixtures/run.ts";
import { openRun } from "../store/store.ts";
import { photoOf, staleImages } from "./staleImages.ts";

let folder: string;
let run: string;
const photoFile = async (image: number) => join(folder, `${image}.jpg`);
const annotationsOf = () => [{ id: 7 }];
const dataset = { id: "folder", photoFile, annotationsOf } as unknown as Dataset;
const manifest = exampleManifest({ dataset: { images: [1, 2, 3] } });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "stale-"));
  vi.stubEnv("SAM_BENCH_HOME", join(folder, "home"));
  for (const image of [1, 2, 3]) writeFileSync(join(folder, `${image}.jpg`), `photo ${image}`);
  const opened = await openRun(folder, manifest);
  for (const image of [1, 2])
    await opened.append(image, [examplePrediction(image, 7, 0.5)], { photo: (await photoOf(dataset, image))! });
  await opened.append(3, [{ kind: "failure", image: 3, message: "truncated" }], {
    photo: (await photoOf(dataset, 3))!,
  });
  await opened.close();
  run = opened.folder;
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const stale = async () => [...(await staleImages(run, dataset))];

test("the photo's hash stands in the line that ends its image", () => {
  const [, end] = readFileSync(join(run, "rows.jsonl"), "utf8").split("\n");
  expect(JSON.parse(end!).photo).toEqual({
    sha256: "e5a5555d73bc0e1568d65563abf327bd6c0b9b9dc3336e86e0b17e865e9ee6d2",
    bytes: 7,
  });
});

test("photos that are as they were, or were written again with the same bytes, are not run again", async () => {
  expect(await stale()).toEqual([]);
  writeFileSync(join(folder, "1.jpg"), "photo 1");
  utimesSync(join(folder, "2.jpg"), new Date("2024-05-01"), new Date("2024-05-01"));
  expect(await stale()).toEqual([]);
});

test("a photo that was replaced is run again, and so is a failed one that was mended; a lost one is not", async () => {
  writeFileSync(join(folder, "2.jpg"), "photo B");
  expect(await stale()).toEqual([2]);
  writeFileSync(join(folder, "3.jpg"), "mended");
  rmSync(join(folder, "1.jpg"));
  expect(await stale()).toEqual([2, 3]);
});

test("an image whose worker died is run again, and the others keep their rows", async () => {
  const again = await openRun(folder, manifest, { again: new Set([3]) });
  expect([...again.finishedImages()]).toEqual([1, 2]);
  await again.append(3, [{ kind: "failure", image: 3, message: "SIGKILL", cause: "worker" }]);
  await again.close();
  expect(await stale()).toEqual([3]);
});

test("an image with a row of a target that the data set does not have is run again", async () => {
  const again = await openRun(folder, manifest, { again: new Set([2]) });
  await again.append(2, [examplePrediction(2, 7, 0.5), examplePrediction(2, 8, 0.98)], {
    photo: (await photoOf(dataset, 2))!,
  });
  await again.close();
  expect(await stale()).toEqual([2]);
});
