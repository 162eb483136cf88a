import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reportOf } from "../results/report.ts";
import { readRun } from "../store/store.ts";
import { patience } from "./fixtures/pluginTrial.ts";
import { fiveScenes, Sharded } from "./fixtures/sharded.ts";

const program = fileURLToPath(new URL("fixtures/nanoProgram.mjs", import.meta.url));

let sharded: Sharded;
beforeAll(async () => {
  const external = [`wire=node ${program} masks`];
  sharded = await Sharded.make({ ...fiveScenes, variants: "wire", external, limit: 3, phase: "accuracy" });
}, patience);
afterAll(() => sharded.remove());

test("shards of a row that another program answers are merged into the unsharded run, without the program's command", async () => {
  const { single } = sharded;
  expect((await sharded.merge(["shards"], "merged")).notes).toBe("");
  const merged = await readRun(sharded.at("merged"), single.id);
  expect(readFileSync(join(merged.folder, "rows.jsonl"))).toEqual(readFileSync(join(single.folder, "rows.jsonl")));
  expect(merged.manifest.external).toEqual(single.manifest.external);
  expect(merged.manifest.external).toMatchObject({ name: "the harness's own graphs", tokens: { single: [0] } });
  const [own, whole] = [await reportOf(merged), await reportOf(single)];
  expect(own.prompts).toEqual(whole.prompts);
  expect(own.conditions.program).toMatch(/^the harness's own graphs \(node v/);
});
