import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { storeExample } from "../../report/fixtures/runs.ts";
import { exampleManifest } from "../../store/fixtures/run.ts";
import { openRun } from "../../store/store.ts";
import { reportOf } from "../report.ts";
import { parseEntry } from "./storedReport.ts";

const start = { libraryMs: 5, readMs: 2, stayed: "no fincore", createMs: 40, encodeMs: 30, decodeMs: 4 };

test("an entry holds what a run says of its machine, a negative optimisation too, and is read as it was", async () => {
  const base = exampleManifest();
  const results = await mkdtemp(join(tmpdir(), "entry-"));
  const stored = await storeExample(results, {
    variant: "sam-nano",
    encodeMs: [30],
    manifest: {
      runtime: { ...base.runtime, cpus: "0-1" },
      environment: { ...base.environment, limits: { cores: 1.5 } },
      coldStart: [
        { ...start, optimisation: "disabled" },
        { ...start, optimisation: "all", createMs: 38 },
      ],
      energy: { method: "RAPL, package-0", joules: 30, images: 10, durationMs: 1000, updates: 12, idleWatts: 8 },
    },
  });
  const { metrics: _, ...report } = await reportOf(stored);
  expect(report.coldStart!.stages.optimise!.median).toBe(-2);
  expect(report.energy).toEqual({ joules: 3, watts: 30, idleWatts: 8, images: 10, method: "RAPL, package-0" });
  expect(report.conditions).toMatchObject({ cpus: "0-1", quota: 1.5 });
  const text = JSON.stringify({ report });
  expect(JSON.stringify(parseEntry(text))).toBe(text);
});

test("an entry holds the stages of everything mode", async () => {
  const results = await mkdtemp(join(tmpdir(), "entry-"));
  const run = await openRun(results, { ...exampleManifest(), protocols: { "anything-32": "anything-default" } });
  const ms = { prepare: 1, encode: 20, decode: 300, upscale: 4, filter: 5 };
  const everythingStages = { "anything-32": { ms, peakBytes: { encode: 9, decode: 8, masks: 7 } } };
  await run.append(4, [], { everythingMs: { "anything-32": 330 }, everythingStages });
  await run.close();
  const { metrics: _, ...report } = await reportOf(run);
  expect(report.everythingStages!["anything-32"]).toMatchObject({ ms: { decode: { median: 300, n: 1 } } });
  const text = JSON.stringify({ report });
  expect(JSON.stringify(parseEntry(text))).toBe(text);
});
