import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunFlags } from "../plan/runFlags.ts";
import { type RunReport, reportOf } from "../results/report.ts";
import type { StoredRun } from "../store/store.ts";
import { observedRun } from "./fixtures/observedRun.ts";

const flags: RunFlags = {
  variants: "sam-nano",
  dataset: "shapes",
  prompts: "box",
  limit: 2,
  rounds: 5,
  warmup: 1,
  threads: 1,
};
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-interim-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a turn is of: everything but its times and the session's name. */
const plannedOf = async (run: StoredRun) =>
  (await run.latency()).map(({ round, turn, image }) => ({ round, turn, image }));

test("between rounds there are all rows, the rounds so far and the memory, and the run ends as it does without a look", async () => {
  const seen: { readonly rounds: number; readonly reports: readonly RunReport[] }[] = [];
  const results = join(folder, "looked at");
  const interim = {
    everyRounds: 2,
    async show(runs: readonly StoredRun[], rounds: number) {
      seen.push({ rounds, reports: await Promise.all(runs.map((run) => reportOf(run))) });
    },
  };
  const [looked] = (await observedRun(flags, { results, interim })).runs;
  const [plain] = (await observedRun(flags, { results: join(folder, "plain") })).runs;
  const last = await reportOf(looked!);
  expect(seen.map(({ rounds }) => rounds)).toEqual([2, 4]);
  for (const { rounds, reports } of seen) {
    expect(reports[0]!.latency.encode!.n).toBe(rounds);
    expect(reports[0]!.prompts).toEqual(last.prompts);
    expect(reports[0]!.modelMemory).toEqual(last.modelMemory);
  }
  expect(looked!.id).toBe(plain!.id);
  expect(await looked!.rowsHash()).toBe(await plain!.rowsHash());
  expect(await plannedOf(looked!)).toEqual(await plannedOf(plain!));
  expect(last.latency.encode!.n).toBe(5);
});
