import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { drawnRoot, writeBelow } from "../../measure/machine/fixtures/drawnRoot.ts";
import { raplMeter } from "../../measure/machine/rapl.ts";
import type { RunFlags } from "../../plan/runFlags.ts";
import { reportOf } from "../../results/report.ts";
import type { Manifest, ProcessStart } from "../../store/schema.ts";
import type { StoredRun } from "../../store/store.ts";
import { observedRun } from "../fixtures/observedRun.ts";

const plain: RunFlags = { variants: "sam-nano", dataset: "shapes", limit: 1, rounds: 1, warmup: 0, threads: 1 };
const asked: RunFlags = { ...plain, "cold-start": true };
const start: ProcessStart = {
  optimisation: "all",
  libraryMs: 1,
  readMs: 1,
  coldReadMs: 1,
  createMs: 1,
  encodeMs: 1,
  decodeMs: 1,
};

let results: string;
let stored: StoredRun;
beforeAll(async () => {
  results = mkdtempSync(join(tmpdir(), "sam-bench-machine-"));
  [stored] = (await observedRun(plain, { results })).runs as [StoredRun];
});
afterAll(() => rmSync(results, { recursive: true, force: true }));

/** Writes into the stored record what it says of its machine. */
function record(patch: Partial<Manifest>): void {
  const file = join(stored.folder, "manifest.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...patch }));
}

type How = Pick<Parameters<typeof observedRun>[1], "afterStarts" | "openMeter">;

async function again(flags: RunFlags, how: How = {}) {
  const notes: string[] = [];
  const { runs } = await observedRun(flags, { results, notes, ...how });
  const [{ manifest, latency }] = runs as [StoredRun];
  return { manifest, notes: notes.join("\n"), turns: await latency() };
}

test("a run without --cold-start has no starts", () => {
  expect(stored.manifest.coldStart).toBeUndefined();
});

test("starts that a finished run lacks are added to it, each stage timed, and latencies stay as they are", async () => {
  const turns = await stored.latency();
  record({ coldStart: Array.from({ length: 9 }, () => start) });
  const found = await again(asked);
  expect(found.manifest.status.state).toBe("done");
  expect(found.turns).toEqual(turns);
  expect(found.manifest.coldStart).toHaveLength(10);
  const last = found.manifest.coldStart!.at(-1)!;
  expect(last.optimisation).toBe("all");
  for (const ms of [last.libraryMs, last.readMs, last.createMs, last.encodeMs, last.decodeMs])
    expect(ms).toBeGreaterThan(0);
  // Where files can not be dropped there is a reason in place of the time.
  expect([last.coldReadMs, last.stayed].filter((each) => each !== undefined)).toHaveLength(1);
  expect((await again(asked)).notes).toContain("finished before, nothing to do");
});

test("Ctrl-C keeps the starts so far, and the same command measures the others", async () => {
  record({ coldStart: Array.from({ length: 8 }, () => start) });
  const stopped = await again(asked, { afterStarts: 0 });
  expect(stopped.manifest.status.state).toBe("stopped");
  expect(stopped.manifest.coldStart).toHaveLength(9);
  const ended = await again(asked);
  expect(ended.manifest.status.state).toBe("done");
  expect(ended.manifest.coldStart).toHaveLength(10);
});

/** A machine whose package takes 25 W, in steps of a tenth of a second. */
function runningMachine() {
  const counter = "sys/class/powercap/intel-rapl:0/energy_uj";
  const root = drawnRoot({
    "sys/class/powercap/intel-rapl:0/name": "package-0",
    "sys/class/powercap/intel-rapl:0/max_energy_range_uj": "9000000",
    [counter]: "0",
  });
  const began = performance.now();
  const steps = () => Math.floor((performance.now() - began) / 100);
  const timer = setInterval(() => writeBelow(root, { [counter]: String((steps() * 2_500_000) % 9_000_000) }), 10);
  return { root, stop: () => clearInterval(timer) };
}

test("the energy of an image is that of the counter over the images that were run, idle power beside it", async () => {
  const machine = runningMachine();
  const { manifest } = await again({ ...plain, energy: true }, { openMeter: () => raplMeter(machine.root) });
  machine.stop();
  const energy = manifest.energy!;
  expect(energy.method).toBe("RAPL, package-0");
  expect(energy.images).toBeGreaterThan(1);
  expect(energy.updates).toBeGreaterThanOrEqual(10);
  // A reading may lag a step behind, and the steps of ten milliseconds are a timer's.
  expect((1000 * energy.joules) / energy.durationMs).toBeGreaterThan(15);
  expect((1000 * energy.joules) / energy.durationMs).toBeLessThan(35);
  expect(energy.idleWatts).toBeGreaterThan(10);
  const report = await reportOf({ ...stored, manifest });
  expect(report.energy!.joules).toBeCloseTo(energy.joules / energy.images, 12);
});

test("where energy can not be read the reason is told, and the run has none", async () => {
  record({ energy: undefined });
  const found = await again({ ...plain, energy: true }, { openMeter: () => raplMeter(drawnRoot({})) });
  expect(found.manifest.energy).toBeUndefined();
  expect(found.manifest.status.state).toBe("done");
  expect(found.notes).toMatch(/sam-nano: its energy is not measured, the system has no RAPL counters/);
});

test("a run whose latency is of another processor is told, and no start of this one is put beside it", async () => {
  const { environment } = stored.manifest;
  record({ coldStart: undefined, environment: { ...environment, cpu: { ...environment.cpu, model: "another" } } });
  const found = await again(asked);
  expect(found.manifest.coldStart).toBeUndefined();
  expect(found.notes).toMatch(/sam-nano: its latency is of another processor, another/);
});
