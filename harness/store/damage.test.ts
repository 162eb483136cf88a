import { mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { damageOf, rowsFile } from "./damage.ts";
import { exampleManifest, examplePrediction } from "./fixtures/run.ts";
import { imageText } from "./rows.ts";
import { openRun, readRun } from "./store.ts";

let results: string;
const manifest = exampleManifest({ dataset: { images: [1, 2, 3] } });
beforeEach(async () => {
  results = await mkdtemp(join(tmpdir(), "damage-"));
  vi.stubEnv("SAM_BENCH_HOME", join(results, "home"));
  const run = await openRun(results, manifest);
  for (const image of [1, 2, 3])
    await run.append(image, [examplePrediction(image, 7, 0.5), examplePrediction(image, 8, 0.25)]);
  await run.appendLatency({
    kind: "turn",
    round: 0,
    turn: 0,
    prepareMs: [1],
    encodeMs: [40],
    decodeMs: [5],
    upscaleMs: [1],
  });
  await run.update({ status: { state: "done", ...(await run.sealed()) } });
  await run.close();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(results, { recursive: true, force: true });
});

const folder = () => join(results, manifest.id);

async function found(): Promise<string> {
  return (await damageOf(folder(), (await readRun(results, manifest.id)).manifest)) ?? "sound";
}

/** Returns the damage that is found once the rows were changed, and the images that a resumed run keeps. */
async function afterChange(change: (text: string) => string): Promise<{ damage: string; kept: readonly number[] }> {
  const file = rowsFile(folder());
  await writeFile(file, change(await readFile(file, "utf8")));
  const damage = await found();
  const notes: string[] = [];
  const run = await openRun(results, manifest, { notice: (text) => notes.push(text) });
  const kept = [...run.finishedImages()];
  await run.close();
  expect(notes.join()).toContain(`${kept.length} whole images are kept`);
  return { damage, kept };
}

test("a run that ended and was left alone is sound", async () => {
  expect(await found()).toBe("sound");
});

test("rows that were cut between two images are damage, and the whole images are kept", async () => {
  const { damage, kept } = await afterChange((text) => text.split("\n").slice(0, 6).join("\n").concat("\n"));
  expect(damage).toMatch(/rows\.jsonl: does not hold .* \(found 2 images and 4 rows, expected 3 images and 6 rows\)$/);
  expect(kept).toEqual([1, 2]);
});

test("rows that were cut within an image are damage", async () => {
  const { damage, kept } = await afterChange((text) => text.slice(0, -200));
  expect(damage).toContain("does not hold what the run ended with");
  expect(kept).toEqual([1, 2]);
});

test("an IoU that no mask can have is damage, also where the run has not ended", async () => {
  const { damage, kept } = await afterChange((text) => text.replace('"iou":0.25', '"iou":9.25'));
  expect(damage).toMatch(/rows\.jsonl:2: damaged row: field iou is not as it should be/);
  expect(kept).toEqual([2, 3]);
});

test("a figure that could be right and was not written is damage of its image alone", async () => {
  const lines = (text: string) => text.split("\n");
  const { damage, kept } = await afterChange((text) =>
    lines(text)
      .map((line, i) => (i === 3 ? line.replace('"iou":0.5', '"iou":0.6') : line))
      .join("\n"),
  );
  expect(damage).toMatch(/rows\.jsonl:6: damaged row: the rows of image 2 are not those that were written$/);
  expect(kept).toEqual([1, 3]);
});

test("an image that the plan does not know is damage, and so is a row that stands twice", async () => {
  const foreign = imageText(9, [examplePrediction(9, 1, 0.5)]);
  expect(await afterChange((text) => `${foreign}${text}`)).toMatchObject({
    damage: expect.stringContaining("image 9 is none of the run's"),
    kept: [1, 2, 3],
  });
  const row = JSON.stringify(examplePrediction(1, 7, 0.5));
  const twice = `${row}\n${row}\n{"kind":"image","image":1,"rows":2}\n`;
  expect(await afterChange(() => twice)).toMatchObject({
    damage: expect.stringContaining("two rows of prediction box miou-gtbox-argmax 7 1 2"),
    kept: [],
  });
});

test("latencies that were changed are damage, and are measured again", async () => {
  const file = join(folder(), "latency.jsonl");
  await writeFile(file, (await readFile(file, "utf8")).replace("[40]", "[20]"));
  expect(await found()).toMatch(/latency\.jsonl: was changed since the run ended/);
  const run = await openRun(results, manifest);
  expect(await run.latency()).toEqual([]);
  expect([...run.finishedImages()]).toEqual([1, 2, 3]);
  await run.close();
});

test("an id that is not the hash of its plan is refused", async () => {
  const file = join(folder(), "manifest.json");
  await writeFile(file, (await readFile(file, "utf8")).replace('"images": [', '"images": [\n5,'));
  await expect(readRun(results, manifest.id)).rejects.toThrow(/manifest\.json: the id is not the hash of the plan/);
});

test("a change that keeps size and time of the rows is found", async () => {
  const file = rowsFile(folder());
  const before = await stat(file);
  expect(await found()).toBe("sound");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace('"iou":0.5', '"iou":0.6'));
  await utimes(file, before.atime, before.mtime);
  expect(await found()).toContain("are not those that were written");
});
