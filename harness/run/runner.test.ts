import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunFlags } from "../plan/runFlags.ts";
import { readRun, type StoredRun } from "../store/store.ts";
import { allRows, drawnPhotos, photosOf } from "./fixtures/drawnPhotos.ts";
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

test("latencies that were measured beside other work are measured again where latency alone is asked for", async () => {
  const first = await run(quick);
  const [{ folder: stored, id }] = first.runs as [StoredRun];
  const file = join(stored, "manifest.json");
  const sessionOf = async () => (await (await readRun(join(folder, "results"), id)).latency())[0]!.session;
  const session = await sessionOf();
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  const quiet = { about: "latency", text: "other programs were busy", ask: "quiet", cores: { busy: 1.9, all: 2 } };
  writeFileSync(file, JSON.stringify({ ...manifest, warnings: [quiet] }));
  await run(quick);
  expect(await sessionOf()).toBe(session);
  const { runs } = await run({ ...quick, phase: "latency" });
  expect(await sessionOf()).not.toBe(session);
  expect(runs[0]!.manifest.warnings).not.toContainEqual(quiet);
  expect(runs[0]!.manifest.status.state).toBe("done");
  expect(runs[0]!.manifest.status).not.toHaveProperty("only");
});

test("a photo of another size than its JSON says fails with both sizes in the message", async () => {
  const data = await drawnPhotos(folder);
  const [first, second] = photosOf(data);
  copyFileSync(second!, first!);
  const { runs } = await run({ ...accuracy, dataset: "coco", data });
  const failure = (await allRows(runs[0]!)).find((row) => row.kind === "failure");
  expect(failure?.kind === "failure" && failure.message).toMatch(/found .*expected/);
});

function run(flags: RunFlags, how: { results?: string; stop?: AbortController; after?: number } = {}) {
  return observedRun(flags, { results: join(folder, "results"), notes, ...how });
}
