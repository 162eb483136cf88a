import { afterAll, beforeAll, expect, test } from "vitest";
import { drawnRoot } from "../../measure/machine/fixtures/drawnRoot.ts";
import { clockMhz } from "../../measure/machine/frequency.ts";
import { raplMeter } from "../../measure/machine/rapl.ts";
import { drawnStarts, plain, recordedRun } from "./fixtures/recordedRun.ts";

const asked = { ...plain, "cold-start": true };

let run: Awaited<ReturnType<typeof recordedRun>>;
beforeAll(async () => {
  run = await recordedRun();
});
afterAll(() => run.remove());

test("starts that a finished run lacks are added to it, each stage timed, and latencies stay as they are", async () => {
  const turns = await run.stored.latency();
  expect(run.stored.manifest.coldStart).toBeUndefined();
  run.record({ coldStart: drawnStarts(9) });
  const found = await run.again(asked);
  expect(found.manifest.status.state).toBe("done");
  expect(found.turns).toEqual(turns);
  expect(found.manifest.coldStart).toHaveLength(10);
  const last = found.manifest.coldStart!.at(-1)!;
  expect(last.optimisation).toBe("all");
  for (const ms of [last.libraryMs, last.readMs, last.createMs, last.encodeMs, last.decodeMs])
    expect(ms).toBeGreaterThan(0);
  // Where files can not be dropped there is a reason in place of the time.
  expect([last.coldReadMs, last.stayed].filter((each) => each !== undefined)).toHaveLength(1);
  expect((await run.again(asked)).notes).toContain("finished before, nothing to do");
});

test("each round has the clock of the processors that computed, where the system tells it", async () => {
  const [turn] = await run.stored.latency();
  expect(turn!.clockMhz !== undefined).toBe(clockMhz({ threads: 1 }) !== undefined);
});

test("where energy can not be read the reason is told, and the run has none", async () => {
  const found = await run.again({ ...plain, energy: true }, { openMeter: () => raplMeter(drawnRoot({})) });
  expect(found.manifest.energy).toBeUndefined();
  expect(found.manifest.status.state).toBe("done");
  expect(found.notes).toMatch(/sam-nano: its energy is not measured, the system has no RAPL counters/);
});

test("a run whose latency is of another processor is told, and no start of this one is put beside it", async () => {
  const { environment } = run.stored.manifest;
  run.record({ coldStart: undefined, environment: { ...environment, cpu: { ...environment.cpu, model: "another" } } });
  const found = await run.again(asked);
  expect(found.manifest.coldStart).toBeUndefined();
  expect(found.notes).toMatch(/sam-nano: its latency is of another processor, another/);
});
