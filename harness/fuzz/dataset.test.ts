import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkDetections, readAnnotations, readDetectionTable } from "../coco/index.ts";
import { random } from "../stats/random.ts";
import { drawDataset } from "./dataset.ts";

test("a drawn dataset follows from the seed, and both of its files are good ones", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-drawn-"));
  const [annotationFile, detectionFile] = [join(folder, "annotations.json"), join(folder, "detections.json")];
  const seen = { crowds: 0, equalScores: 0, crowded: 0 };
  for (let index = 0; index < 100; index++) {
    const drawn = drawDataset(random(0, "parity", index));
    expect(drawDataset(random(0, "parity", index))).toEqual(drawn);
    writeFileSync(annotationFile, JSON.stringify(drawn.annotations));
    writeFileSync(detectionFile, JSON.stringify(drawn.detections));
    const annotations = await readAnnotations(annotationFile);
    expect(annotations.warnings).toEqual([]);
    checkDetections(await readDetectionTable(detectionFile), annotations, detectionFile);
    if (drawn.annotations.annotations.some(({ iscrowd }) => iscrowd === 1)) seen.crowds++;
    if (new Set(drawn.detections.map(({ score }) => score)).size < drawn.detections.length) seen.equalScores++;
    if (drawn.detections.length > 100) seen.crowded++;
  }
  rmSync(folder, { recursive: true });
  // What the hunt is for must be common.
  expect(Math.min(seen.crowds, seen.equalScores)).toBeGreaterThan(30);
  expect(seen.crowded).toBeGreaterThan(2);
});
