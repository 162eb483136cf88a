import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Row } from "../store/schema/rowSchema.ts";
import { openRun, readRun } from "../store/store.ts";
import { compare } from "./compare.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { report } from "./report.ts";
import { run } from "./run.ts";
import { score } from "./score.ts";

/** Finished runs on drawn scenes, and copies of them in which one row is of a target that the scene does not have. */

const folder = mkdtempSync(join(tmpdir(), "unknown-targets-"));
const whole = join(folder, "whole");
const forged = join(folder, "forged");
const flags = {
  variants: "sam-nano",
  dataset: "shapes",
  limit: 2,
  prompts: "box",
  phase: "accuracy",
  threads: 1,
  seed: 0,
};
let ids: readonly string[];
const message = /rows\.jsonl: the run is damaged: image \d+ has no target 9999 \(expected a target of shapes\)/;

beforeAll(async () => {
  // Two plans of one question.
  for (const rounds of [2, 3])
    expect(await run.run({ ...flags, rounds, weights: "auto", results: whole }, memoryConsole())).toBe(0);
  ids = readdirSync(whole);
  cpSync(whole, forged, { recursive: true });
  await addTarget(ids[0]!, 9999);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** A row more on an image, with all hashes and counts that go with it. */
async function addTarget(id: string, target: number): Promise<void> {
  const { manifest, rows } = await readRun(whole, id);
  const all: Row[] = [];
  for await (const row of rows()) all.push(row);
  const first = all.find((row) => row.kind === "prediction");
  if (first === undefined) throw new Error(`${id}: no row to copy`);
  const { image } = first;
  const opened = await openRun(forged, manifest, { again: new Set([image]) });
  await opened.append(image, [...all.filter((row) => row.image === image), { ...first, target, iou: 0.98 }]);
  await opened.update({ status: { state: "done", ...(await opened.sealed()), only: "accuracy" } });
  await opened.close();
}

test("bench score refuses a run with a target that its data set does not have", async () => {
  await expect(
    score.run({ what: [ids[0]!], run: ids[0]!, results: forged, interval: false }, memoryConsole()),
  ).rejects.toThrow(message);
});

test("bench compare refuses it on either side", async () => {
  const [a, b] = ids as readonly [string, string];
  const compared = (one: string, other: string) =>
    compare.run({ a: one, b: [other], results: forged, seed: 0 }, memoryConsole());
  await expect(compared(a, b)).rejects.toThrow(message);
  await expect(compared(b, a)).rejects.toThrow(message);
});

test("bench report leaves it out, says so, and shows the others", async () => {
  const console = memoryConsole();
  const out = join(folder, "report");
  expect(await report.run({ results: forged, all: true, out, gallery: 4, photos: false, seed: 0 }, console)).toBe(0);
  expect(console.said.notes).toMatch(message);
  expect(console.said.out).toContain("index.html: 1 runs");
  expect(readFileSync(join(out, "index.html"), "utf8")).not.toContain(ids[0]!);
});

test("the same bench run does the image again, and the run is what it was", async () => {
  const console = memoryConsole();
  const { rounds } = (await readRun(whole, ids[0]!)).manifest.plan.resolved.latency as { readonly rounds: number };
  expect(await run.run({ ...flags, rounds, weights: "auto", results: forged }, console)).toBe(0);
  expect(console.said.notes).toContain("1 image to be run again");
  const hashes = async (results: string) => (await readRun(results, ids[0]!)).rowsHash();
  expect(await hashes(forged)).toBe(await hashes(whole));
});
