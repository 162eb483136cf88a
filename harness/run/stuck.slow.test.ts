import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { projectRoot } from "../plan/plugins/sources.ts";
import { wrappedNano } from "./fixtures/wrappedNano.ts";

let folder: string;
let parent: ChildProcess;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-stuck-"));
});
afterEach(() => {
  parent.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a run whose worker keeps its thread for ever at its first image; resolves to the worker's process id. */
async function stuckWorker(phase: "accuracy" | "latency"): Promise<number> {
  const begun = join(folder, "begun");
  const plugin = wrappedNano(folder, {
    id: "stuck",
    prelude: 'import { renameSync, writeFileSync } from "node:fs";',
    encoded: `() => {
      writeFileSync(${JSON.stringify(`${begun}.part`)}, String(process.pid));
      renameSync(${JSON.stringify(`${begun}.part`)}, ${JSON.stringify(begun)});
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }`,
  });
  const flags = `run --variants stuck --prompts box --limit 1 --threads 1 --phase ${phase}`.split(" ");
  const args = ["harness/bench.mjs", ...flags, "--plugin", plugin, "--results", join(folder, "results")];
  parent = spawn(process.execPath, args, { cwd: projectRoot, stdio: "ignore" });
  while (!existsSync(begun)) await sleep(100);
  return Number(readFileSync(begun, "utf8"));
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test.each(["accuracy", "latency"] as const)(
  "a parent that is killed takes its worker along, whatever that computes (%s)",
  async (phase) => {
    const worker = await stuckWorker(phase);
    expect(alive(worker)).toBe(true);
    parent.kill("SIGKILL");
    for (let waited = 0; alive(worker) && waited < 20_000; waited += 100) await sleep(100);
    expect(alive(worker)).toBe(false);
  },
  300_000,
);
