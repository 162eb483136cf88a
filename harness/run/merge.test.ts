import { cpSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { memoryConsole } from "../commands/fixtures/bench.ts";
import { commands } from "../commands/index.ts";
import { resolvePlan } from "../plan/plan.ts";
import { ownBook } from "../protocols/index.ts";
import { reportOf } from "../results/report.ts";
import { planId } from "../store/canonical.ts";
import { listRuns } from "../store/manifest.ts";
import { readRun } from "../store/store.ts";
import { fiveScenes, Sharded } from "./fixtures/sharded.ts";
import { untimedEverything } from "./merge.ts";

let sharded: Sharded;
const at = (...names: string[]) => sharded.at(...names);
const merge = (folders: readonly string[], out: string) => sharded.merge(folders, out);

beforeAll(async () => {
  sharded = await Sharded.make({ ...fiveScenes, phase: "accuracy" });
}, 120_000);
afterAll(() => sharded.remove());

test("three shards merged are the unsharded run: its id, its rows, its accuracy to the last digit", async () => {
  const { single } = sharded;
  expect((await merge(["shards"], "merged")).code).toBe(0);
  const merged = await readRun(at("merged"), single.id);
  expect(await merged.rowsHash()).toBe(await single.rowsHash());
  expect(readFileSync(join(merged.folder, "rows.jsonl"))).toEqual(readFileSync(join(single.folder, "rows.jsonl")));
  expect((await reportOf(merged)).prompts).toEqual((await reportOf(single)).prompts);
  expect(await merged.latency()).toEqual([]);
  expect(merged.manifest.status).toMatchObject({ state: "done", images: 5, only: "accuracy" });
  expect(merged.manifest.merged!.runs).toHaveLength(3);
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
  expect(console.said.out).toContain("! 3 rows are shards: bench merge makes whole runs of them");
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
  await expect(resolvePlan({ ...fiveScenes, shard: "1/3", phase: "latency" })).rejects.toThrow(
    "--shard 1/3: latency is measured on one machine, not in shards",
  );
});

/** Run ids of these shards of three. */
async function shardIds(...indices: readonly number[]): Promise<readonly string[]> {
  const runs = (await listRuns(at("shards"))).flatMap((each) => (each.state === "readable" ? [each.manifest] : []));
  return indices.map((index) => runs.find(({ shard }) => shard?.index === index)!.id);
}
