import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { memoryConsole } from "./fixtures/bench.ts";
import { commands } from "./index.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "clock-set-back-"));
  vi.stubEnv("SAM_BENCH_HOME", join(folder, "home"));
  // The date alone: workers and time-outs go by clocks that nobody sets.
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-05-02T12:00:00.000Z") });
});
afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test("a run that begins after the clock was set back is the newest of its question, and its table says so", async () => {
  const plan = {
    variants: "sam-nano",
    dataset: "shapes",
    limit: 1,
    prompts: "box",
    phase: "accuracy",
    baseline: false,
  };
  const run = async (threads: number) => newestId(await said("run", { ...plan, threads, json: true }));
  const first = await run(1);
  vi.setSystemTime(new Date("2026-05-01T12:00:00.000Z"));
  const second = await run(2);
  expect(second).not.toBe(first);
  expect(newestId(await said("table", { json: true }))).toBe(second);
  const text = (await said("table", {})).replace(/\s+/g, " ");
  expect(text).toContain(
    "the clock was set back: this run began on 2026-05-01 12:00 UTC, and there is one of 2026-05-02 12:00 UTC",
  );
  vi.setSystemTime(new Date("2026-05-01T12:01:00.000Z"));
  expect(await run(2)).toBe(second);
  expect(newestId(await said("table", { json: true }))).toBe(second);
});

async function said(name: "run" | "table", args: Readonly<Record<string, unknown>>): Promise<string> {
  const console = memoryConsole();
  const command = await commands[name]();
  expect(await command.run({ results: join(folder, "results"), ...args }, console)).toBe(0);
  return console.said.out;
}

function newestId(json: string): string {
  const { runs } = JSON.parse(json) as { runs: { id: string }[] };
  expect(runs).toHaveLength(1);
  return runs[0]!.id;
}
