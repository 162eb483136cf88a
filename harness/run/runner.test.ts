import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { memoryConsole } from "../commands/fixtures/bench.ts";
import { commands } from "../commands/index.ts";
import type { RunFlags } from "../plan/runFlags.ts";
import type { StoredRun } from "../store/store.ts";
import { observedRun } from "./fixtures/observedRun.ts";

const quick: RunFlags = { variants: "sam-nano", dataset: "shapes", limit: 3, rounds: 1, warmup: 0, threads: 1 };
/** Flags of tests that look at rows alone. */
const accuracy: RunFlags = { ...quick, phase: "accuracy" };

let folder: string;
let notes: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-runner-"));
  notes = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a plan is measured once: the second time it is read from the store", async () => {
  const first = await run(quick);
  const before = await Promise.all(first.runs.map((each) => each.rowsHash()));
  notes = [];
  const second = await run(quick);
  expect(second.runs.map(({ id }) => id)).toEqual(first.runs.map(({ id }) => id));
  expect(await Promise.all(second.runs.map((each) => each.rowsHash()))).toEqual(before);
  expect(notes.join("\n")).toContain("finished before, nothing to do");
});

test("a photo of another size than its JSON says fails with both sizes in the message", async () => {
  const data = await shapesOnDisk();
  const [first, second] = photosOf(data);
  copyFileSync(second!, first!);
  const { runs } = await run({ ...accuracy, dataset: "coco", data });
  const failure = (await all(runs[0]!)).find((row) => row.kind === "failure");
  expect(failure?.kind === "failure" && failure.message).toMatch(/found .*expected/);
});

function run(flags: RunFlags, how: { results?: string; stop?: AbortController; after?: number } = {}) {
  return observedRun(flags, { results: join(folder, "results"), notes, ...how });
}

async function all(run: StoredRun) {
  const rows = [];
  for await (const row of run.rows()) rows.push(row);
  return rows;
}

/** Writes three drawn scenes as JPEG files with their JSON, by `bench data shapes`. */
async function shapesOnDisk(): Promise<string> {
  const data = join(folder, "data");
  mkdirSync(data);
  const command = await commands.data();
  await command.run({ dataset: "shapes", out: data, count: 3, seed: 0 }, memoryConsole());
  return data;
}

function photosOf(data: string): string[] {
  const files = readdirSync(data, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".jpg"));
  return files.sort().map((file) => join(data, file));
}
