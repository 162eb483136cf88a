import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { program } from "../commands/fixtures/bench.ts";

const kills = 3;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a search that is killed three times ends with the winner and the evaluations of one that was left alone", async () => {
  const calm = join(folder, "calm");
  const killed = join(folder, "killed");
  expect(await ended(start(calm))).toBe(0);
  const [name] = readdirSync(calm) as [string];
  // Times are a measurement: both searches must stand on the same.
  mkdirSync(join(killed, name), { recursive: true });
  cpSync(join(calm, name, "parts.json"), join(killed, name, "parts.json"));

  for (let kill = 0; kill < kills; kill++) {
    const before = evaluations(join(killed, name)).length;
    const child = start(killed);
    const exit = ended(child);
    while (evaluations(join(killed, name)).length === before && child.exitCode === null) await delay(20);
    child.kill("SIGKILL");
    expect(await exit).toBeNull();
    expect(existsSync(join(killed, name, "preset.json"))).toBe(false);
  }
  expect(await ended(start(killed))).toBe(0);

  expect(evaluations(join(killed, name))).toEqual(evaluations(join(calm, name)));
  expect(presetOf(join(killed, name)).id).toBe(presetOf(join(calm, name)).id);
  expect(presetOf(join(killed, name)).winner.seen).toEqual(presetOf(join(calm, name)).winner.seen);
}, 400_000);

// All latencies are within these bounds: what is drawn hangs on the seed alone, and on the times only who is fastest.
function start(results: string): ChildProcess {
  const flags =
    "--from sam-nano --limit 3 --images 2 --population 5 --generations 1 --latency 9 --latency-from 0 --threads 1";
  const args = [program, "search", "sparsevit", ...flags.split(" "), "--results", results];
  return spawn(process.execPath, args, {
    stdio: "ignore",
    env: { ...process.env, SAM_BENCH_HOME: join(folder, "home") },
  });
}

async function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", resolve));
}

function evaluations(place: string): readonly string[] {
  const file = join(place, "evaluations.jsonl");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
}

function presetOf(place: string): { readonly id: string; readonly winner: { readonly seen: unknown } } {
  return JSON.parse(readFileSync(join(place, "preset.json"), "utf8"));
}
