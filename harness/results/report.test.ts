import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { exampleGraphs, storeExample } from "../report/fixtures/runs.ts";
import { footLines } from "../report/table/foot.ts";
import { resultJson } from "../report/table/tables.ts";
import { exampleManifest, examplePrediction } from "../store/fixtures/run.ts";
import { openRun, readRun } from "../store/store.ts";
import { reportOf, type Score } from "./report.ts";

const newResults = () => mkdtemp(join(tmpdir(), "score-"));

test("a report has mean IoU by prompts and size, with n and bounds", async () => {
  const run = await storeExample(await newResults(), {
    variant: "sam-nano",
    ious: { box: [0.2, 0.6, 0.7, 0.5], "1p": [0.25] },
    spread: 0.02,
  });
  const { prompts, images } = await reportOf(run);
  expect(images).toEqual({ finished: 5, failed: 0, planned: 5 });
  // Images lie 0.02 apart: t with 4 degrees of freedom times s / √5, to 1 % of it.
  const half = (2.7764 * 0.0316228) / Math.sqrt(5);
  const score = (value: number, n: number) => ({
    value: expect.closeTo(value, 12),
    low: expect.closeTo(value - half, 3),
    high: expect.closeTo(value + half, 3),
    n,
  });
  expect(prompts.box).toEqual({
    protocol: "miou-gtbox-argmax",
    miou: score(0.5, 20),
    small: score(0.35, 10),
    medium: score(0.6, 5),
    large: score(0.7, 5),
  });
  expect(prompts["1p"]).toEqual({ protocol: "miou-random-points", miou: score(0.25, 5), small: score(0.25, 5) });
  expect(prompts["3p"]).toEqual({ protocol: "miou-random-points" });
});

test("an image without targets is an image of the run, and says nothing of the spread between others", async () => {
  const results = await newResults();
  const run = await openRun(results, { ...exampleManifest(), dataset: { ...exampleManifest().dataset, images: 3 } });
  for (const [i, iou] of [0.2, 0.3, 0.4, 0.5, 0.6].entries()) await run.append(i, [examplePrediction(i, 0, iou)]);
  const before = (await reportOf(run)).prompts.box!.miou as Score;
  for (let image = 5; image < 40; image++) await run.append(image, []);
  const after = await reportOf(run);
  await run.close();
  expect(after.images.finished).toBe(40);
  const { value, n, low, high } = after.prompts.box!.miou as Score;
  expect([value, n]).toEqual([before.value, 5]);
  expect((high! - low!) / (before.high! - before.low!)).toBeCloseTo(1, 1);
});

test("an image of everything mode is a sample of its time; a failed image is none", async () => {
  const run = await openRun(await newResults(), {
    ...exampleManifest(),
    protocols: { "anything-32": "anything-default" },
  });
  for (const [i, durationMs] of [3000, 1000, 2000].entries())
    await run.append(i, [], { everythingMs: { "anything-32": durationMs } });
  await run.append(9, [{ kind: "failure", image: 9, message: "truncated" }], { everythingMs: { "anything-32": 1 } });
  const { everything } = await reportOf(run);
  await run.close();
  expect(everything).toEqual({ "anything-32": { median: 2000, q1: 1500, q3: 2500, middleMean: 2000, n: 3 } });
});

test("a failed image is in no figure, and a warning counts it", async () => {
  const run = await storeExample(await newResults(), { variant: "sam-nano", ious: { box: [0.5] }, failed: 2 });
  const { images, prompts, warnings } = await reportOf(run);
  expect(images).toEqual({ finished: 5, failed: 2, planned: 7 });
  expect(prompts.box!.miou).toMatchObject({ n: 5 });
  expect(warnings).toContainEqual({
    about: "images",
    text: "2 of 7 images failed and are in no figure (image 6: photo 6.jpg: truncated)",
    ask: "mend",
  });
});

test("with seeded weights accuracy is left out entirely", async () => {
  const weights = { source: "seeded", label: "seeded weights, version 1" } as const;
  const run = await storeExample(await newResults(), {
    variant: "sam-vit-b",
    ious: { box: [0.5] },
    encodeMs: [40],
    manifest: { weights, ...exampleGraphs },
  });
  const report = await reportOf(run);
  expect(report.prompts).toEqual({});
  expect(report.weights).toBe("seeded");
  expect(JSON.stringify(resultJson([report]))).not.toContain("miou");
  expect(report.latency.encode).toEqual({ median: 40, q1: 40, q3: 40, middleMean: 40, n: 1 });
});

test("latency is summarised from the raw samples, p90 where there are enough", async () => {
  const encodeMs = Array.from({ length: 41 }, (_, i) => 100 + i);
  const run = await storeExample(await newResults(), { variant: "sam-nano", encodeMs });
  const { latency, promptsPerSecond } = await reportOf(run);
  expect(latency.encode).toEqual({ median: 120, q1: 110, q3: 130, middleMean: 120, n: 41 });
  expect(latency.decode).toMatchObject({ median: 12, n: 82, p90: expect.closeTo(13.6, 6) });
  expect(latency.prepare).toEqual({ median: 1, q1: 1, q3: 1, middleMean: 1, n: 41 });
  // 16 prompts in half the time of an encode: 60 ms.
  expect(promptsPerSecond).toBeCloseTo(16 / 0.06, 9);
});

test("what was not measured has no key in JSON", async () => {
  const run = await storeExample(await newResults(), { variant: "sam-nano" });
  const report = JSON.parse(JSON.stringify(await reportOf(run)));
  for (const key of ["promptsPerSecond", "modelMemory", "parameters", "referenceGmacs", "executedGmacs", "graph"])
    expect(report).not.toHaveProperty(key);
  expect(report.latency).toEqual({});
});

test("a run that is not done says so, and n is of what is there", async () => {
  const results = await newResults();
  const run = await storeExample(results, {
    variant: "sam-nano",
    ious: { box: [0.5] },
    images: 3,
    manifest: {
      status: { state: "stopped", message: "ctrl-c" },
      dataset: { ...exampleManifest().dataset, images: 30, warnings: ["2 annotations left out: no mask"] },
    },
  });
  const report = await reportOf(await readRun(results, run.id));
  expect(report.status).toBe("stopped");
  expect(report.prompts.box!.miou).toMatchObject({ n: 3 });
  expect(report.warnings.map(({ text }) => text)).toEqual([
    "2 annotations left out: no mask",
    "stopped after 3 of 30 images (ctrl-c); the same bench run goes on from there",
  ]);
});

test("a run of version 1 is tabled with – where its figures meant something else, and the foot says why", async () => {
  const fixtures = fileURLToPath(new URL("../store/fixtures/version1/", import.meta.url));
  const report = await reportOf(await readRun(fixtures, "ptq4sam-sam-nano-w8a8-a5268a86289d"));
  expect(report.modelMemory ?? report.referenceGmacs ?? report.executedGmacs ?? report.theory).toBe(undefined);
  const text = footLines([report], undefined).join("\n");
  expect(text).toContain("ptq4sam/sam-nano/w8a8: no memory: memory was measured in a process that held");
  expect(text).toContain("ptq4sam/sam-nano/w8a8: no GMACs: GMACs were those of the fused graph");
});
