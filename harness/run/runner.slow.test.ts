import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunFlags } from "../plan/runFlags.ts";
import { reportOf } from "../results/report.ts";
import { indexRows } from "../store/rows.ts";
import type { StoredRun } from "../store/store.ts";
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

test("one thread and two give the same rows but for rounding, and another run id", async () => {
  const one = (await run(accuracy)).runs[0]!;
  const two = (await run({ ...accuracy, threads: 2 })).runs[0]!;
  expect(two.id).not.toBe(one.id);
  const a = await ious(one);
  const b = await ious(two);
  expect(b.size).toBe(a.size);
  for (const [key, iou] of a) expect(b.get(key)).toBeCloseTo(iou, 3);
});

test("seeded weights are measured for latency and memory, and leave no row", async () => {
  const { runs } = await run({ ...quick, weights: "seeded" });
  const { manifest } = runs[0]!;
  expect(manifest.weights.source).toBe("seeded");
  expect(manifest.status).toMatchObject({ state: "done", images: 0, rows: 0 });
  expect(manifest.modelMemory!.encode).toBeGreaterThan(manifest.modelMemory!.load / 4);
  expect((await runs[0]!.latency()).length).toBe(1);
});

test("a trained part among seeded weights is no trained model: latency and memory, and no row", async () => {
  const { runs } = await run({ ...quick, variants: "blvit-nano/p0.75+sam-nano" });
  const { manifest } = runs[0]!;
  const label = "sam-nano.safetensors; what it lacks is seeded, version 1";
  expect(manifest.weights).toMatchObject({ source: "seeded", label, file: "sam-nano.safetensors" });
  expect(manifest.status).toMatchObject({ state: "done", images: 0, rows: 0 });
  expect((await runs[0]!.latency()).length).toBe(1);
});

test("a photo that can not be read is a failure row and a warning, and the others are measured", async () => {
  const data = await drawnPhotos(folder);
  const [broken] = photosOf(data);
  writeFileSync(broken!, "no picture");
  const { runs } = await run({ ...quick, dataset: "coco", data });
  const rows = await allRows(runs[0]!);
  expect(rows.filter((row) => row.kind === "failure")).toHaveLength(1);
  expect(new Set(rows.filter((row) => row.kind === "prediction").map((row) => row.image)).size).toBe(2);
  expect(runs[0]!.manifest.warnings.map((warning) => warning.text).join()).toContain("1 of 3 images failed");
});

test("Ctrl-C keeps what is finished, and the same plan goes on from there", async () => {
  const stop = new AbortController();
  const calm = (await run({ ...accuracy, limit: 4 })).runs[0]!;
  const outcome = await run({ ...quick, limit: 4 }, { results: join(folder, "stopped"), stop, after: 2 });
  expect(outcome.stopped).toBe(true);
  expect(outcome.runs[0]!.manifest.status.state).toBe("stopped");
  const resumed = await run({ ...quick, limit: 4 }, { results: join(folder, "stopped") });
  expect(notes.join("\n")).toContain("goes on after 2 images");
  expect(await resumed.runs[0]!.rowsHash()).toBe(await calm.rowsHash());
});

test("two variants take turns, each keeps its own samples, and their workers have no other plug-in's code", async () => {
  const plugin = join(folder, "other.mjs");
  const loads = join(folder, "loads");
  writeFileSync(
    plugin,
    `import { appendFileSync } from "node:fs";
    appendFileSync(${JSON.stringify(loads)}, process.pid + " ");
    export default { id: "other", title: "Other", about: "Nothing.", open: async () => {} };`,
  );
  const { runs } = await run({ ...quick, rounds: 3, variants: "sam-nano,sam-nano", plugin: [plugin] });
  // A spare process tries the plug-in before this one takes it; no worker has it.
  const pids = readFileSync(loads, "utf8").trim().split(" ");
  expect([pids.length, pids[1]]).toEqual([2, String(process.pid)]);
  expect(runs).toHaveLength(1);
  const turns = await runs[0]!.latency();
  expect(turns.map(({ round }) => round)).toEqual([0, 1, 2]);
});

test("everything mode is timed image by image, and an interrupted run keeps what it timed", async () => {
  const flags: RunFlags = { ...quick, protocol: "anything-ar-mobilesamv2", prompts: "grid-16-one" };
  const stop = new AbortController();
  const results = join(folder, "timed");
  await run(flags, { results, stop, after: 1 });
  const { runs } = await run(flags, { results });
  const { places } = await indexRows(join(runs[0]!.folder, "rows.jsonl"));
  expect(places.size).toBe(3);
  for (const { everythingMs, everythingStages } of places.values()) {
    expect(Object.keys(everythingMs!)).toEqual(["grid-16-one"]);
    expect(everythingMs!["grid-16-one"]).toBeGreaterThan(0);
    const { ms, peakBytes } = everythingStages!["grid-16-one"]!;
    expect(Object.values(ms).reduce((sum, stage) => sum + stage, 0)).toBeCloseTo(everythingMs!["grid-16-one"]!, 6);
    for (const stage of [ms.prepare, ms.encode, ms.decode]) expect(stage).toBeGreaterThan(0);
    if (peakBytes !== undefined) expect(Object.values(peakBytes).every((bytes) => bytes > 50e6)).toBe(true);
  }
  const { everything } = await reportOf(runs[0]!);
  expect(everything["grid-16-one"]!.n).toBe(3);
});

function run(flags: RunFlags, how: { results?: string; stop?: AbortController; after?: number } = {}) {
  return observedRun(flags, { results: join(folder, "results"), notes, ...how });
}

async function ious(run: StoredRun): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const row of await allRows(run))
    if (row.kind === "prediction") found.set(`${row.target} ${row.prompts}`, row.iou ?? 0);
  return found;
}
