import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { memoryConsole } from "../commands/fixtures/bench.ts";
import { commands } from "../commands/index.ts";
import { HarnessError } from "../errors.ts";
import { resolvePlan } from "../plan/plan.ts";
import type { RunFlags } from "../plan/runFlags.ts";
import { ownBook } from "../protocols/index.ts";
import { reportOf } from "../results/report.ts";
import { planId } from "../store/canonical.ts";
import { listRuns } from "../store/manifest.ts";
import type { Manifest } from "../store/schema.ts";
import { readRun, type StoredRun } from "../store/store.ts";
import { untimedEverything } from "./merge.ts";
import { runPlan } from "./runner.ts";

const flags: RunFlags = {
  variants: "sam-nano",
  dataset: "shapes",
  prompts: "box",
  limit: 5,
  rounds: 1,
  warmup: 0,
  threads: 1,
};
const { prompts: _, ...unprompted } = flags;
const ap: RunFlags = { ...unprompted, limit: 2, protocol: "ap-gtbox" };

let folder: string;
let single: StoredRun;
const at = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-merge-"));
  single = await run(flags, "single");
  for (const shard of ["1/3", "2/3", "3/3"]) await run({ ...flags, shard }, "shards");
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("three shards merged are the unsharded run: its id, its rows, its accuracy to the last digit; latency is added later", async () => {
  expect((await merge(["shards"], "merged")).code).toBe(0);
  const merged = await readRun(at("merged"), single.id);
  expect(await merged.rowsHash()).toBe(await single.rowsHash());
  expect(readFileSync(join(merged.folder, "rows.jsonl"))).toEqual(readFileSync(join(single.folder, "rows.jsonl")));
  expect((await reportOf(merged)).prompts).toEqual((await reportOf(single)).prompts);
  expect(await merged.latency()).toEqual([]);
  expect(merged.manifest.status).toMatchObject({ state: "done", images: 5, only: "accuracy" });
  expect(merged.manifest.merged!.runs).toHaveLength(3);

  const timed = await run({ ...flags, phase: "latency" }, "merged");
  expect(timed.id).toBe(single.id);
  expect(rowsIn(timed)).toEqual(rowsIn(single));
  expect(await timed.latency()).toHaveLength(1);
  expect(await timed.rowsHash()).toBe(await single.rowsHash());
});

test("latency that was measured first stays when shards are merged into its run", async () => {
  const timed = await run({ ...flags, phase: "latency" }, "latency-first");
  expect(timed.manifest.status).toMatchObject({ state: "done", images: 0, only: "latency" });
  const turns = await timed.latency();
  expect((await merge(["shards"], "latency-first")).code).toBe(0);
  const merged = await readRun(at("latency-first"), single.id);
  expect(await merged.latency()).toEqual(turns);
  expect(rowsIn(merged)).toEqual(rowsIn(single));
  expect(await merged.rowsHash()).toBe(await single.rowsHash());
});

test("average precision is that of the whole run, computed from the annotations", async () => {
  const whole = await run({ ...ap, phase: "accuracy" }, "ap-single");
  for (const shard of ["1/2", "2/2"]) {
    const { manifest } = await run({ ...ap, shard }, "ap-shards");
    expect(manifest.scores).toBeUndefined();
  }
  await merge(["ap-shards"], "ap-merged");
  const merged = await readRun(at("ap-merged"), whole.id);
  expect(Object.values(merged.manifest.scores!)[0]!.AP!.value).toBeGreaterThan(0);
  expect(merged.manifest.scores).toEqual(whole.manifest.scores);
});

test("missing shards are named and nothing is written", async () => {
  for (const id of await shardIds(1, 3)) cpSync(at("shards", id), at("two", id), { recursive: true });
  const { code, notes } = await merge(["two"], "out-missing");
  expect(code).toBe(2);
  expect(notes).toContain("sam-nano: shards are missing (found 2 of 3, expected also 2/3)");
  expect(await listRuns(at("out-missing"))).toEqual([]);
});

test("a shard given twice is refused with both places, the same folder twice is one", async () => {
  const [first] = await shardIds(1);
  cpSync(at("shards", first!), at("again", first!), { recursive: true });
  const { code, notes } = await merge(["shards", "again"], "out-twice");
  expect(code).toBe(2);
  expect(notes).toContain("sam-nano: shard 1/3 stands twice");
  expect(notes).toContain(at("again", first!));
  expect((await merge(["shards", "shards"], "out-same")).code).toBe(0);
});

test("an image that is another shard's, and one that is lost, are found", async () => {
  const [first, second] = await shardIds(1, 2);
  const rowsOf = (id: string) => readFileSync(at("shards", id, "rows.jsonl"), "utf8");
  cpSync(at("shards"), at("foreign"), { recursive: true });
  writeFileSync(at("foreign", first!, "rows.jsonl"), rowsOf(first!) + rowsOf(second!));
  expect((await merge(["foreign"], "out-foreign")).notes).toMatch(
    /rows\.jsonl: does not hold what the run ended with \(found 4 images .* expected 2 images/,
  );
  writeFileSync(at("foreign", first!, "rows.jsonl"), "");
  expect((await merge(["foreign"], "out-foreign")).notes).toMatch(
    /rows\.jsonl: does not hold what the run ended with \(found 0 images .* expected 2 images/,
  );
});

test("a shard that is not finished is named", async () => {
  const [first] = await shardIds(1);
  cpSync(at("shards"), at("stopped"), { recursive: true });
  const file = at("stopped", first!, "manifest.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...manifest, status: { state: "stopped", message: "stopped by Ctrl-C" } }));
  const { code, notes } = await merge(["stopped"], "out-stopped");
  expect(code).toBe(2);
  expect(notes).toContain("shard 1/3 is not finished (found stopped by Ctrl-C)");
});

test("a shard with other weights is refused, also where its plan is the same", async () => {
  const [, second] = await shardIds(1, 2);
  cpSync(at("shards"), at("weights"), { recursive: true });
  const file = at("weights", second!, "manifest.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...manifest, weights: { ...manifest.weights, sha256: "f".repeat(64) } }));
  const { notes } = await merge(["weights"], "out-weights");
  // Which of the three is compared with the others hangs on their ids.
  expect(notes).toMatch(
    /shard [123]\/3 has other weights \(found sam-nano\.safetensors.*, expected sam-nano\.safetensors/,
  );
  expect(notes).toContain("ffffffffffff");
});

test("shards of different plans do not belong together, and what differs is named", async () => {
  cpSync(at("two"), at("mixed"), { recursive: true });
  const [second] = await shardIds(2);
  cpSync(at("shards", second!), at("mixed", second!), { recursive: true });
  const file = at("mixed", second!, "manifest.json");
  const manifest = JSON.parse(readFileSync(file, "utf8").replaceAll('"seed": 0', '"seed": 1'));
  const id = planId(manifest.variant.id, manifest.plan.resolved);
  writeFileSync(file, JSON.stringify({ ...manifest, id }));
  renameSync(at("mixed", second!), at("mixed", id));
  const { notes } = await merge(["mixed"], "out-mixed");
  expect(notes).toContain("shards are missing");
  expect(notes).toContain("has another plan: seed differ");
});

test("shards are no rows of a table, unless all are asked for", async () => {
  const console = memoryConsole();
  const table = await commands.table();
  await expect(table.run({ results: at("shards") }, console)).rejects.toThrow("only shards of runs here");
  expect(await table.run({ results: at("shards"), all: true }, console)).toBe(0);
  expect(console.said.out).toContain("shard 1 of 3, 2 of 5 images; bench merge makes the whole run of all shards");
});

test("a merged run says that it has no times of everything mode, and where they are", () => {
  const protocols = { box: "miou-gtbox-argmax", everything: "anything-ar1000", own: "anything-ar-fastsam" };
  const [warning, ...others] = untimedEverything({ id: "run", protocols }, ownBook);
  expect(others).toEqual([]);
  expect(warning!.text).toMatch(/^seconds an image of everything, own are not taken over/);
  const prompted = { box: "miou-gtbox-argmax", ap: "ap-vitdet-argmax" };
  expect(untimedEverything({ id: "run", protocols: prompted }, ownBook)).toEqual([]);
});

test("latency in shards is refused", async () => {
  await expect(resolvePlan({ ...flags, shard: "1/3", phase: "latency" })).rejects.toThrow(
    "--shard 1/3: latency is measured on one machine, not in shards",
  );
});

/** Returns the part of the status that is about rows: latencies are measured again in each run. */
function rowsIn({ manifest }: StoredRun): unknown {
  const { latencySha256: _, ...status } = manifest.status as Extract<Manifest["status"], { state: "done" }>;
  return status;
}

async function run(given: RunFlags, results: string): Promise<StoredRun> {
  const observer = {
    note: () => undefined,
    calibration: () => undefined,
    overlap: () => undefined,
    images: () => undefined,
    rounds: () => undefined,
  };
  const plan = await resolvePlan(given);
  const { runs } = await runPlan({
    plan,
    observer,
    results: at(results),
    asPassed: [],
    signal: new AbortController().signal,
  });
  return runs[0]!;
}

/** Runs `bench merge` and returns its exit code, or what it refuses. */
async function merge(folders: readonly string[], out: string): Promise<{ code: number; notes: string }> {
  const command = await commands.merge();
  const console = memoryConsole();
  try {
    return { code: await command.run({ dir: folders.map((name) => at(name)), out: at(out) }, console), notes: "" };
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return { code: 2, notes: error.message + (error.hint ?? "") };
  }
}

/** Run ids of these shards of three. */
async function shardIds(...indices: readonly number[]): Promise<readonly string[]> {
  const runs = (await listRuns(at("shards"))).flatMap((each) => (each.state === "readable" ? [each.manifest] : []));
  return indices.map((index) => runs.find(({ shard }) => shard?.index === index)!.id);
}
