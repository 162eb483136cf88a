import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listRuns } from "../store/manifest.ts";
import type { SweepFigures } from "../sweep/figures.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { sweep } from "./sweep.ts";
import { refuseUnused } from "./terminal/command.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const defaults = Object.fromEntries(
  Object.entries(sweep.options).flatMap(([name, option]) =>
    option.default === undefined ? [] : [[name, option.default]],
  ),
);
const own = { variant: "sam-nano", dataset: "shapes", limit: 2, rounds: 2, warmup: 0, threads: 1 };

async function swept(args: Readonly<Record<string, unknown>>, columns?: number) {
  const console = memoryConsole(columns);
  const code = await sweep.run({ ...defaults, ...own, results: folder, ...args }, console);
  return { code, ...console.said };
}

test("a sweep over batches is stored apart from runs, printed as a table and as JSON, and drawn", async () => {
  const file = join(folder, "batch.vl.json");
  const first = await swept({ over: ["batch=1,2"], out: file }, 80);
  expect(first.code).toBe(0);
  expect(first.out).toContain("batch, images");
  // Names that commands take are never cut; everything else fits.
  expect(Math.max(...first.out.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
  expect(JSON.parse(readFileSync(file, "utf8")).vconcat).toHaveLength(2);

  const { out, notes } = await swept({ over: ["batch=1,2"], json: true });
  expect(notes.match(/finished before, nothing to do/g)).toHaveLength(2);
  const { id, points, accuracy } = JSON.parse(out) as SweepFigures;
  expect(accuracy).toBeUndefined();
  expect(points.map(({ values, encode, promptsACall }) => [values.batch, encode?.n, promptsACall])).toEqual([
    [1, 2, 16],
    [2, 2, 16],
  ]);
  // Two samples: their median time is the mean of both, and that of their rates is no smaller.
  for (const { values, encode, imagesPerSecond } of points)
    expect(imagesPerSecond!.median).toBeGreaterThanOrEqual((1000 * Number(values.batch)) / encode!.median - 1e-9);
  expect(points.map(({ change }) => change === undefined)).toEqual([true, false]);

  expect(await listRuns(folder)).toEqual([]);
  const runs = points.map(({ run }) => run);
  expect(new Set(runs).size).toBe(2);
  expect(readdirSync(join(folder, ".sweeps", id)).sort()).toEqual([...runs, "sweep.json"].sort());
});

test("an error of a provider may be accepted where the provider is an axis", () => {
  const args = { ...defaults, over: ["provider=cpu,webgpu"], "accept-error": true, prompts: "1p" };
  expect(() => refuseUnused(sweep, args)).not.toThrow();
});

test.each([
  ["a flag that is an axis", { over: ["threads=1,2"] }, "--threads: is an axis of this sweep"],
  ["a side that the model can not take", { over: ["side=128,250"] }, "no side that its encoder takes (found 250 px"],
  [
    "a batch of images that keep their own shapes",
    { variant: "fastsam-s", weights: "seeded", over: ["batch=1,2"] },
    "fastsam-s: image: images of any shape make no batch",
  ],
  [
    "a side for a method whose encoder has one",
    { variant: "sparsevit/sam-nano", over: ["side=128,256"] },
    "sparsevit/sam-nano: its plug-in builds an encoder for one side",
  ],
])("%s is refused", async (_, args, message) => {
  await expect(swept(args)).rejects.toThrow(message);
});
