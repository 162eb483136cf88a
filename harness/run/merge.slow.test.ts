import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunFlags } from "../plan/runFlags.ts";
import type { Manifest } from "../store/schema.ts";
import { readRun, type StoredRun } from "../store/store.ts";
import { fiveScenes, Sharded } from "./fixtures/sharded.ts";

const { prompts: _, ...unprompted } = fiveScenes;
const ap: RunFlags = { ...unprompted, limit: 2, protocol: "ap-gtbox" };

let sharded: Sharded;
beforeAll(async () => {
  sharded = await Sharded.make(fiveScenes);
}, 120_000);
afterAll(() => sharded.remove());

test("latency is added to three shards that are merged, which are the unsharded run with all it says of its rows", async () => {
  const { single } = sharded;
  expect((await sharded.merge(["shards"], "merged")).code).toBe(0);
  const timed = await sharded.run({ ...fiveScenes, phase: "latency" }, "merged");
  expect(timed.id).toBe(single.id);
  expect(rowsIn(timed)).toEqual(rowsIn(single));
  expect(await timed.latency()).toHaveLength(1);
  expect(await timed.rowsHash()).toBe(await single.rowsHash());
});

test("latency that was measured first stays when shards are merged into its run", async () => {
  const { single } = sharded;
  const timed = await sharded.run({ ...fiveScenes, phase: "latency" }, "latency-first");
  expect(timed.manifest.status).toMatchObject({ state: "done", images: 0, only: "latency" });
  const turns = await timed.latency();
  expect((await sharded.merge(["shards"], "latency-first")).code).toBe(0);
  const merged = await readRun(sharded.at("latency-first"), single.id);
  expect(await merged.latency()).toEqual(turns);
  expect(rowsIn(merged)).toEqual(rowsIn(single));
  expect(await merged.rowsHash()).toBe(await single.rowsHash());
});

test("average precision is that of the whole run, computed from the annotations", async () => {
  const whole = await sharded.run({ ...ap, phase: "accuracy" }, "ap-single");
  for (const shard of ["1/2", "2/2"]) {
    const { manifest } = await sharded.run({ ...ap, shard }, "ap-shards");
    expect(manifest.scores).toBeUndefined();
  }
  await sharded.merge(["ap-shards"], "ap-merged");
  const merged = await readRun(sharded.at("ap-merged"), whole.id);
  expect(Object.values(merged.manifest.scores!)[0]!.AP!.value).toBeGreaterThan(0);
  expect(merged.manifest.scores).toEqual(whole.manifest.scores);
});

/** Returns the part of the status that is about rows: latencies are measured again in each run. */
function rowsIn({ manifest }: StoredRun): unknown {
  const { latencySha256: _, ...status } = manifest.status as Extract<Manifest["status"], { state: "done" }>;
  return status;
}
