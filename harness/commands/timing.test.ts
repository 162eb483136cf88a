import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TimeTable } from "../measure/timing.ts";
import { bench, type Finished } from "./fixtures/bench.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-timing-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const plan = ["--variants", "sam-nano", "--no-baseline", "--limit", "2", "--rounds", "2", "--warmup", "1"];

function run(more: readonly string[]): Promise<Finished> {
  return bench(["run", ...plan, "--results", join(folder, "results"), ...more]);
}

test("--timing says where the time of a run went: every process, image and turn, and as much as passed", async () => {
  const { timing } = JSON.parse((await run(["--timing", "--json"])).out) as { timing: TimeTable };
  const counts = Object.fromEntries(timing.rows.map(({ work, count }) => [work, count]));
  expect(counts).toEqual({
    program: 1,
    plan: 1,
    weights: 1,
    graphs: 2,
    record: 1,
    open: 1,
    "accuracy-start": 1,
    "accuracy-load": 1,
    "accuracy-images": 2,
    "accuracy-end": 1,
    photos: 2,
    "memory-start": 1,
    "memory-load": 1,
    "memory-stages": 1,
    "memory-end": 1,
    "latency-start": 1,
    "latency-load": 1,
    "latency-warmup": 1,
    "latency-rounds": 2,
    "latency-end": 1,
    scores: 1,
    table: 1,
  });
  const alone = timing.rows.reduce((sum, { aloneMs }) => sum + aloneMs, 0);
  expect(alone + timing.sharedMs + timing.otherMs).toBeCloseTo(timing.wholeMs, 6);
  for (const { wallMs, summedMs } of timing.rows) expect(wallMs).toBeLessThanOrEqual(summedMs + 1e-6);
  for (const work of ["memory-start", "accuracy-images", "latency-rounds"])
    expect(timing.rows.find((row) => row.work === work)!.cpuMs).toBeGreaterThan(0);
});

test("without --json the table of times goes to standard error, and without --timing there is none", async () => {
  const timed = await run(["--timing"]);
  expect(timed.out).not.toContain("where the time went");
  expect(timed.notes).toMatch(/^where the time went +count +sum s +wall s +alone s +CPU s +of the whole$/m);
  expect(timed.notes).toMatch(/^plan: plug-ins and data set opened +1 +\d+\.\d\d /m);
  expect(timed.notes).not.toContain("accuracy: images");
  const plain = await run(["--json"]);
  expect(plain.notes).not.toContain("where the time went");
  expect(JSON.parse(plain.out)).not.toHaveProperty("timing");
});
