import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exampleManifest, exampleRows } from "./fixtures/run.ts";
import type { LatencyTurn } from "./latency.ts";
import { listRuns } from "./manifest.ts";
import { rowsHash } from "./rows.ts";
import type { Row } from "./schema/rowSchema.ts";
import { openRun, readRun, type StoredRun } from "./store.ts";

const newResults = async () => join(await mkdtemp(join(tmpdir(), "store-")), "results");
const manifest = exampleManifest();

const turn = (round: number): LatencyTurn => {
  return { kind: "turn", round, turn: 0, prepareMs: [1], encodeMs: [2], decodeMs: [3, 4], upscaleMs: [5] };
};

async function rowsOf(run: StoredRun): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of run.rows()) rows.push(row);
  return rows;
}

/** The manifest as it is read once its writer is gone. */
const left = { ...manifest, status: { state: "stopped", message: "no process writes it any more" } };

test("a new run has its manifest, no rows and no latency", async () => {
  const results = await newResults();
  const run = await openRun(results, manifest);
  expect(run.resumed).toBe(false);
  expect(run.finishedImages().size).toBe(0);
  expect(await rowsOf(run)).toEqual([]);
  expect(await run.latency()).toEqual([]);
  await run.close();
  expect((await readdir(join(results, manifest.id))).sort()).toEqual(["latency.jsonl", "manifest.json", "rows.jsonl"]);
  expect((await readRun(results, manifest.id)).manifest).toEqual(left);
});

test("a run is running while a process writes it, and stopped when that is gone without a word", async () => {
  const results = await newResults();
  const run = await openRun(results, manifest);
  expect((await readRun(results, manifest.id)).manifest.status).toEqual({ state: "running" });
  expect(await listRuns(results)).toMatchObject([{ manifest: { status: { state: "running" } } }]);
  await run.close();
  expect((await readRun(results, manifest.id)).manifest.status).toEqual(left.status);
  expect(await listRuns(results)).toMatchObject([{ manifest: { status: left.status } }]);
  // The record itself is as the writer left it.
  expect(await readFile(join(results, manifest.id, "manifest.json"), "utf8")).toContain('"state": "running"');
});

test("a run is taken up where it was left", async () => {
  const results = await newResults();
  const first = await openRun(results, manifest);
  await first.append(1, exampleRows(1));
  await first.append(2, exampleRows(2));
  await first.appendLatency(turn(0));
  await first.update({ status: { state: "stopped", message: "ctrl-c" } });
  await first.close();

  const second = await openRun(results, { ...manifest, createdAt: "later" });
  expect(second.resumed).toBe(true);
  expect(second.manifest).toEqual({ ...manifest, status: { state: "stopped", message: "ctrl-c" } });
  expect([...second.finishedImages()]).toEqual([1, 2]);
  expect(second.finishedRows()).toBe(exampleRows(1).length + exampleRows(2).length);
  await second.append(3, exampleRows(3));
  await second.appendLatency(turn(1));
  await second.close();

  const stored = await readRun(results, manifest.id);
  expect(await rowsOf(stored)).toEqual([1, 2, 3].flatMap(exampleRows));
  expect(await stored.latency()).toEqual([turn(0), turn(1)]);
});

test("rows of a run cut in pieces have the hash of a run in one piece", async () => {
  const results = await newResults();
  for (const images of [[4, 9], [], [1], [7, 2]]) {
    const run = await openRun(results, manifest);
    for (const image of images) await run.append(image, exampleRows(image));
    await run.close();
  }
  expect(await (await readRun(results, manifest.id)).rowsHash()).toBe(
    await rowsHash([1, 2, 4, 7, 9].flatMap(exampleRows)),
  );
});

test("an image is appended once", async () => {
  const run = await openRun(await newResults(), manifest);
  await run.append(1, exampleRows(1));
  await expect(run.append(1, exampleRows(1))).rejects.toThrow("image 1 is finished already");
  await run.close();
});

test("appends that are not waited for stand one after the other", async () => {
  const run = await openRun(await newResults(), manifest);
  const images = Array.from({ length: 50 }, (_, i) => i);
  await Promise.all(images.map((image) => run.append(image, exampleRows(image))));
  expect(await rowsOf(run)).toEqual(images.flatMap(exampleRows));
  await run.close();
});

test("a torn end is cut off and its image is done again", async () => {
  const results = await newResults();
  const run = await openRun(results, manifest);
  await run.append(1, exampleRows(1));
  await run.append(2, exampleRows(2));
  await run.appendLatency(turn(0));
  await run.close();
  const file = (name: string) => join(results, manifest.id, name);
  const rows = await readFile(file("rows.jsonl"), "utf8");
  const latency = await readFile(file("latency.jsonl"), "utf8");
  await writeFile(file("rows.jsonl"), rows.slice(0, -10));
  await writeFile(file("latency.jsonl"), `${latency}{"kind":"turn","ro`);

  const again = await openRun(results, manifest);
  expect([...again.finishedImages()]).toEqual([1]);
  expect(again.tornBytes).toBeGreaterThan(0);
  expect(await again.latency()).toEqual([turn(0)]);
  await again.append(2, exampleRows(2));
  await again.appendLatency(turn(1));
  await again.close();
  expect(await readFile(file("rows.jsonl"), "utf8")).toBe(rows);
  expect(await again.latency()).toEqual([turn(0), turn(1)]);
});

test("a damaged turn before others is named, and all turns are measured again", async () => {
  const notes: string[] = [];
  const results = await newResults();
  const run = await openRun(results, manifest);
  for (const round of [0, 1, 2]) await run.appendLatency(turn(round));
  await run.close();
  const file = join(results, manifest.id, "latency.jsonl");
  await writeFile(file, (await readFile(file, "utf8")).replace('"round":1', '"round":"one"'));
  const again = await openRun(results, manifest, { notice: (text) => notes.push(text) });
  expect(await again.latency()).toEqual([]);
  await again.close();
  expect(notes.join()).toMatch(/latency\.jsonl:2: field round/);
});

test("latency that is cleared begins anew", async () => {
  const run = await openRun(await newResults(), manifest);
  await run.appendLatency(turn(0));
  await run.clearLatency();
  await run.appendLatency(turn(7));
  expect(await run.latency()).toEqual([turn(7)]);
  await run.close();
});

test("the same run is not opened twice, and a refusal leaves it as it is", async () => {
  const results = await newResults();
  const run = await openRun(results, manifest);
  await expect(openRun(results, manifest)).rejects.toThrow(
    `another process is writing this run (found pid ${process.pid})`,
  );
  await run.append(1, exampleRows(1));
  await run.close();
  await run.close();
  await (await openRun(results, manifest)).close();
});

test("a run that could not be opened is not left locked", async () => {
  const results = await newResults();
  await (await openRun(results, manifest)).close();
  const file = join(results, manifest.id, "manifest.json");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace('"schema": 2', '"schema": 99'));
  await expect(openRun(results, manifest)).rejects.toThrow("written by a newer sam-bench (found schema 99");
  await writeFile(file, text);
  await (await openRun(results, manifest)).close();
});

test("another plan under the same id is refused", async () => {
  const results = await newResults();
  await (await openRun(results, manifest)).close();
  const other = { ...exampleManifest({ limit: 31 }), id: manifest.id };
  await expect(openRun(results, other)).rejects.toThrow("holds another plan under this id");
});

test("rows without a manifest are not taken for those of this plan", async () => {
  const results = await newResults();
  const run = await openRun(results, manifest);
  await run.append(1, exampleRows(1));
  await run.close();
  await rm(join(results, manifest.id, "manifest.json"));
  await expect(openRun(results, manifest)).rejects.toThrow("rows of 1 images and no manifest.json");
});

test("a results folder copied while it is written is a run up to the last finished image", async () => {
  const results = await newResults();
  const run = await openRun(results, manifest);
  await run.append(1, exampleRows(1));
  const copy = await newResults();
  await cp(results, copy, { recursive: true });
  const copied = await openRun(copy, manifest);
  expect([...copied.finishedImages()]).toEqual([1]);
  await copied.close();
  await run.append(2, exampleRows(2));
  await run.close();
});

test("a manifest that could not be read back is not written", async () => {
  const results = await newResults();
  const run = await openRun(results, manifest);
  await expect(run.update({ promptsPerSecond: Number.NaN })).rejects.toThrow("field promptsPerSecond");
  expect(run.manifest).toEqual(manifest);
  await run.close();
  expect((await readRun(results, manifest.id)).manifest).toEqual(left);
});

test("runs are listed by id, those that can not be read with the reason, other folders not", async () => {
  const results = await newResults();
  expect(await listRuns(results)).toEqual([]);
  await (await openRun(results, manifest)).close();
  await mkdir(join(results, "papers"));
  await mkdir(join(results, "damaged"));
  await writeFile(join(results, "damaged", "manifest.json"), "{");
  expect(await listRuns(results)).toEqual([
    { state: "unreadable", id: "damaged", problem: expect.stringContaining("manifest.json: not JSON") },
    { state: "readable", id: manifest.id, manifest: left },
  ]);
});

test("a run that is not there, an id that leaves the folder and a results folder that is a file are named", async () => {
  const results = await newResults();
  await expect(readRun(results, "sam-nano-0")).rejects.toThrow("no run here");
  await expect(readRun(results, "../secret")).rejects.toThrow("not the id of a run");
  await writeFile(results, "");
  await expect(openRun(results, manifest)).rejects.toThrow("part of the path is a file");
  await expect(listRuns(results)).rejects.toThrow("part of the path is a file");
});

test("no folder of the user's stands in what a run keeps", async () => {
  const results = await newResults();
  const given = exampleManifest();
  const hidden = ["/home/me/coco"];
  const manifest = { ...given, dataset: { ...given.dataset, warnings: ["/home/me/coco/instances.json: 3 left out"] } };
  const run = await openRun(results, manifest, { hidden });
  await run.append(7, [{ kind: "failure", image: 7, message: "/home/me/coco/val2017/7.jpg: cut short" }]);
  await run.update({ warnings: [{ about: "images", text: "1 failed (/home/me/coco/val2017/7.jpg)" }] });
  await run.close();
  for (const name of ["manifest.json", "rows.jsonl"])
    expect(await readFile(join(run.folder, name), "utf8")).not.toContain("/home/me");
  expect(run.manifest.dataset.warnings).toEqual(["instances.json: 3 left out"]);
});
