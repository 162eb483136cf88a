import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { memoryConsole } from "./fixtures/bench.ts";
import { commands } from "./index.ts";

const id = "sam-fast/sam-nano";

let folder: string;
/** Three drawn scenes as photos, with coco.json. */
let data: string;
const before = process.env.SAM_BENCH_HOME;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  process.env.SAM_BENCH_HOME = join(folder, "home");
  data = join(folder, "photos");
  await said("data", { dataset: "shapes", out: data, count: 3, seed: 0 });
});
afterAll(() => {
  if (before === undefined) delete process.env.SAM_BENCH_HOME;
  else process.env.SAM_BENCH_HOME = before;
  rmSync(folder, { recursive: true });
});

test("what is calibrated on a run's photos is not scored on them, unless that is asked for, and then it is said", async () => {
  const record = await quantize({ calibration: "coco", "calibration-data": data, images: 2 });
  expect(record.imageHashes).toEqual([
    expect.stringMatching(/^[0-9a-f]{64}$/),
    expect.stringMatching(/^[0-9a-f]{64}$/),
  ]);
  const scored = { variants: id, dataset: "coco", data, prompts: "box", phase: "accuracy", threads: 1 };
  await expect(run(scored)).rejects.toMatchObject({
    message: `${id}: is calibrated on images that this run scores (found 2 of 2, expected none)`,
    hint: expect.stringContaining("--allow-overlap"),
  });
  const table = await run({ ...scored, "allow-overlap": true });
  expect(table).toContain("sam-fast/sam-nano is calibrated on 2 of the images that it is scored on (of 2 in all)");
  const [row] = JSON.parse(await run({ ...scored, "allow-overlap": true, json: true })).runs;
  const manifest = JSON.parse(readFileSync(join(folder, "results", row.id, "manifest.json"), "utf8"));
  expect(manifest).toMatchObject({ overlap: 2, calibration: { images: 2, imageHashes: record.imageHashes } });
});

test("other scenes than those calibrated on are scored, and the row says so", async () => {
  await quantize({ calibration: "shapes", images: 2 });
  const flags = { variants: id, dataset: "shapes", limit: 3, prompts: "box", phase: "accuracy", threads: 1 };
  const table = await run({ ...flags, notes: true });
  expect(table.replace(/\s+/g, " ")).toContain("calibrated on 2 images of shapes, none of which this run scores");
});

test("a run on the photos calibrates on drawn scenes, and its table credits the photos", async () => {
  rmSync(join(folder, "home", "calibrations"), { recursive: true });
  const table = await run({ variants: id, limit: 1, prompts: "box", phase: "accuracy", threads: 1, notes: true });
  const text = table.replace(/\s+/g, " ");
  expect(text).toContain("calibrated on 16 images of shapes, none of which this run scores");
  expect(text).toContain("photos: 1 of COCO val2017, CC BY 2.0");
});

// Under a name of training photos the same files are taken.
test("training photos are taken, those that are there", async () => {
  const training = join(folder, "training");
  await said("data", { dataset: "shapes", out: training, count: 3, seed: 4 });
  renameSync(join(training, "coco.json"), join(training, "instances_train2017.json"));
  rmSync(join(training, "images", "000000000001.jpg"));
  expect(existsSync(join(training, "images", "000000000002.jpg"))).toBe(true);
  expect(await quantize({ calibration: "coco", data: training })).toMatchObject({ dataset: "coco", images: 2 });
  rmSync(join(training, "images"), { recursive: true });
  await expect(quantize({ calibration: "coco", data: training })).rejects.toThrow(
    /has no training photos to calibrate on \(found .*, and no photo of it/,
  );
});

async function quantize(args: Readonly<Record<string, unknown>>) {
  return JSON.parse(await said("quantize", { quantized: "sam-fast", from: "sam-nano", json: true, ...args }));
}

function run(args: Readonly<Record<string, unknown>>): Promise<string> {
  return said("run", { results: join(folder, "results"), ...args });
}

async function said(
  name: "data" | "quantize" | "run",
  args: Parameters<Awaited<ReturnType<(typeof commands)["run"]>>["run"]>[0],
) {
  const console = memoryConsole();
  const command = await commands[name]();
  await command.run(args, console);
  return console.said.out;
}
