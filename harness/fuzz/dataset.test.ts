import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkDetections, readAnnotations, readDetectionTable } from "../coco/index.ts";
import { memoryConsole } from "../commands/fixtures/bench.ts";
import { random } from "../stats/random.ts";
import { drawDataset } from "./dataset.ts";
import { drawLvisDataset } from "./lvisDataset.ts";
import { parity } from "./parity.ts";

test("a drawn dataset follows from the seed, and both of its files are good ones", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-drawn-"));
  const annotationFile = join(folder, "annotations.json");
  const detectionFile = join(folder, "detections.json");
  const seen = { crowds: 0, equalScores: 0, crowded: 0 };
  for (let index = 0; index < 100; index++) {
    const drawn = drawDataset(random(0, "parity", index));
    expect(drawDataset(random(0, "parity", index))).toEqual(drawn);
    writeFileSync(annotationFile, JSON.stringify(drawn.annotations));
    writeFileSync(detectionFile, JSON.stringify(drawn.detections));
    const annotations = await readAnnotations(annotationFile);
    expect(annotations.warnings).toEqual([]);
    checkDetections(await readDetectionTable(detectionFile), annotations, detectionFile);
    if (drawn.annotations.annotations.some(({ iscrowd }) => Boolean(iscrowd))) seen.crowds++;
    if (new Set(drawn.detections.map(({ score }) => score)).size < drawn.detections.length) seen.equalScores++;
    if (drawn.detections.length > 100) seen.crowded++;
  }
  rmSync(folder, { recursive: true });
  // What the hunt is for must be common.
  expect(Math.min(seen.crowds, seen.equalScores)).toBeGreaterThan(30);
  expect(seen.crowded).toBeGreaterThan(2);
});

test("a drawn LVIS dataset has lists in every image, and seldom an image with more detections than count", () => {
  let crowded = 0;
  for (let index = 0; index < 200; index++) {
    const { annotations, detections } = drawLvisDataset(random(0, "parity lvis", index));
    for (const image of annotations.images) expect(image).toHaveProperty("neg_category_ids");
    for (const category of annotations.categories) expect(category).toHaveProperty("frequency");
    const counts = annotations.images.map(({ id }) => detections.filter(({ image_id }) => image_id === id).length);
    if (Math.max(...counts) > 300) crowded++;
  }
  expect(crowded).toBeGreaterThan(0);
  expect(crowded).toBeLessThan(40);
});

test.each(["coco", "lvis"])(
  "parity by the rules of %s fails where there is no Python, and skips nothing",
  async (rules) => {
    const flags = { python: "/no/such/python", rules, datasets: 1, seed: 0, out: "unused" };
    await expect(parity.run(flags, memoryConsole())).rejects.toThrow(/did not score the datasets/);
  },
);
