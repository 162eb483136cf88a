import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { memoryConsole } from "./fixtures/bench.ts";
import { run } from "./run.ts";

const timeLine = /^about \d+ (s|min): .*latency [\d.]+ (s|min), less what is here already/m;

function folder(): string {
  const results = mkdtempSync(join(tmpdir(), "max-minutes-"));
  onTestFinished(() => rmSync(results, { recursive: true, force: true }));
  return results;
}

async function ran(args: Readonly<Record<string, unknown>>) {
  const console = memoryConsole();
  const code = await run.run({ variants: "sam-nano", dataset: "shapes", limit: 1, prompts: "box", ...args }, console);
  return { code, notes: console.said.notes };
}

test("a run says first what it takes, and one that is finished says nothing of it", async () => {
  const results = folder();
  const first = await ran({ results, quick: true });
  expect(first.code).toBe(0);
  expect(first.notes).toMatch(timeLine);
  expect(first.notes.search(timeLine)).toBeLessThan(first.notes.indexOf("sam-nano: finished") >>> 0);
  const second = await ran({ results, quick: true });
  expect(second.notes).toContain("finished before, nothing to do");
  expect(second.notes).not.toMatch(timeLine);
}, 300_000);

test("a plan that can not fit --max-minutes is refused before anything is measured", async () => {
  const results = folder();
  await expect(ran({ results, "max-minutes": 0.001 })).rejects.toThrow(
    /^--max-minutes 0\.001: the plan takes longer, also with 4 rounds of latency \(found about \d+ s: /,
  );
  expect(readdirSync(results)).toEqual([]);
}, 300_000);

test("--max-minutes goes with the options that set the rounds, and is refused where it would do nothing", async () => {
  const results = folder();
  const limited = { results, "max-minutes": 60 };
  for (const rounds of [{ quick: true }, { rounds: 2, warmup: 0 }]) {
    const { code, notes } = await ran({ ...limited, ...rounds });
    expect([code, notes.includes("rounds, for --max-minutes")]).toEqual([0, false]);
  }
  await expect(ran({ ...limited, phase: "accuracy" })).rejects.toThrow(
    "--max-minutes: leaves out rounds of latency, and none are measured (found phases accuracy)",
  );
  await expect(ran({ ...limited, limit: 2, shard: "1/2" })).rejects.toThrow(
    "--max-minutes: leaves out rounds of latency",
  );
  await expect(ran({ ...limited, "max-minutes": 0 })).rejects.toThrow(
    "--max-minutes: must be a number of minutes (found 0, expected over 0)",
  );
}, 300_000);
