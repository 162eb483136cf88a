import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { projectRoot } from "../plan/plugins/sources.ts";
import { random } from "../stats/random.ts";
import { readRun } from "../store/store.ts";
import type { SweepFigures } from "../sweep/figures.ts";
import { bench, program } from "./fixtures/bench.ts";

const kills = 8;
const settings = "--dataset shapes --limit 6 --rounds 3 --warmup 1";
const sides = ["sweep", "sam-nano", ..."--over side=128,256 --over threads=1,2".split(" "), ...settings.split(" ")];

test("a sweep that is killed again and again ends with the points and the rows of one that was not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-kill-"));
  try {
    const calm = join(folder, "calm");
    const killed = join(folder, "killed");
    expect((await bench([...sides, "--results", calm])).code).toBe(0);
    const moments = random(0, "sweep.slow.test", "moments");
    for (let kill = 0; kill < kills; kill++) await killedAfter(1500 + 5000 * moments.next(), killed);
    const { code, out } = await bench([...sides, "--results", killed, "--json"]);
    expect(code).toBe(0);
    expect(await contentOf(killed)).toEqual(await contentOf(calm));
    const { points, notes } = JSON.parse(out) as SweepFigures;
    expect(points.map(({ encode }) => encode?.n)).toEqual([3, 3, 3, 3]);
    // Points that were measured apart would say so.
    expect(notes.join(" ")).not.toContain("several sessions");
    const accuracies = points.map(({ accuracy }) => accuracy!.value);
    expect(accuracies[0]).toBe(accuracies[1]);
    expect(accuracies[0]).not.toBe(accuracies[2]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("where one point's latencies are lost, all points take turns again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-kill-"));
  try {
    const command = ["sweep", "sam-nano", "--over", "batch=1,2", ...settings.split(" "), "--results", folder, "--json"];
    const { id, points } = JSON.parse((await bench(command)).out) as SweepFigures;
    const place = join(folder, ".sweeps", id);
    const sessionsOf = async () =>
      (await Promise.all(points.map(async ({ run }) => (await readRun(place, run)).latency()))).flatMap((turns) =>
        turns.map(({ session }) => session),
      );
    const before = await sessionsOf();
    // As a kill leaves it that comes between the last turn and the record of this point's memory.
    const file = join(place, points[1]!.run, "manifest.json");
    const { modelMemory: _, ...manifest } = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...manifest, status: { state: "running" } }));
    expect((await bench(command)).code).toBe(0);
    const after = await sessionsOf();
    expect([new Set(before).size, new Set(after).size]).toEqual([1, 1]);
    expect(after[0]).not.toBe(before[0]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the point of the model's own side has the accuracy of an ordinary run", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  try {
    const where = ["--results", folder, "--json"];
    const { out } = await bench([...sides, ...where]);
    const { points } = JSON.parse(out) as SweepFigures;
    const flags = ["--prompts", "box", "--phase", "accuracy", "--no-baseline", ...settings.split(" ")];
    const run = await bench(["run", "--variants", "sam-nano", ...flags, ...where]);
    const [row] = JSON.parse(run.out).runs;
    expect(points[2]!.accuracy).toEqual(row.prompts.box.miou);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.each([
  ["mobilesam-nano", "side=256,512"],
  ["sam2.1-nano", "batch=1,2"],
  ["efficientvit-sam-nano", "side=128,256"],
  ["fastsam-s/square", "batch=1,2"],
])("%s is swept over %s on seeded weights", async (variant, over) => {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  try {
    const flags = ["--weights", "seeded", "--threads", "2", ...settings.split(" "), "--results", folder, "--json"];
    const { code, out, notes } = await bench(["sweep", variant, "--over", over, ...flags]);
    expect([code, notes]).toEqual([0, expect.not.stringContaining("given up")]);
    const { points } = JSON.parse(out) as SweepFigures;
    for (const { encode, peakBytes } of points) expect([encode!.n, peakBytes! > 0]).toEqual([3, true]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Ends the sweep without warning, after so many ms. */
async function killedAfter(ms: number, results: string): Promise<void> {
  const child = spawn(process.execPath, [program, ...sides, "--results", results], {
    cwd: projectRoot,
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await Promise.race([sleep(ms), ended]);
  child.kill("SIGKILL");
  await ended;
}

/** Returns the record's bytes and the hash of each run's sorted rows, by the run's id. */
async function contentOf(results: string) {
  const [id] = readdirSync(join(results, ".sweeps"));
  const folder = join(results, ".sweeps", id!);
  const runs = readdirSync(folder).filter((name) => existsSync(join(folder, name, "manifest.json")));
  const rows = await Promise.all(runs.sort().map(async (run) => [run, await (await readRun(folder, run)).rowsHash()]));
  return { id, rows, record: readFileSync(join(folder, "sweep.json"), "utf8") };
}
