import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isOfClock, withCreation } from "./creation.ts";
import { exampleManifest } from "./fixtures/run.ts";
import type { Manifest } from "./schema.ts";
import { openRun } from "./store.ts";

const given = exampleManifest({ limit: 1 });

/** Returns what a new run's record says, where the clock shows this time and the folder holds runs of these dates. */
async function createdAt(time: string, dates: readonly string[]): Promise<Manifest> {
  const results = await mkdtemp(join(tmpdir(), "creation-"));
  for (const [i, date] of dates.entries())
    await (await openRun(results, { ...exampleManifest({ limit: 10 + i }), createdAt: date })).close();
  return withCreation(results, given, Date.parse(time));
}

test("a run is dated by the clock where no run of the folder is younger", async () => {
  const manifest = await createdAt("2026-05-02T12:00:00.000Z", [
    "2026-05-02T11:59:59.999Z",
    "2024-05-01T00:00:00.000Z",
  ]);
  expect(manifest).toEqual({ ...given, createdAt: "2026-05-02T12:00:00.000Z" });
  expect((await createdAt("2026-05-02T12:00:00.000Z", [])).createdAt).toBe("2026-05-02T12:00:00.000Z");
});

test("a run is dated a millisecond behind the youngest of the folder where the clock says less, with a warning", async () => {
  const manifest = await createdAt("2026-05-01T12:00:00.000Z", [
    "2026-05-02T12:00:00.000Z",
    "2026-05-01T00:00:00.000Z",
  ]);
  expect(manifest.createdAt).toBe("2026-05-02T12:00:00.001Z");
  expect(manifest.warnings).toEqual([
    {
      about: "clock",
      text: "the clock was set back: this run began on 2026-05-01 12:00 UTC, and there is one of 2026-05-02 12:00 UTC, behind which it is dated, so that it counts as newer. Look at the clock of each machine that writes into this folder.",
    },
  ]);
  expect(manifest.warnings.every(isOfClock)).toBe(true);
});

test("clocks of two machines that differ by seconds are no reason for a warning", async () => {
  const manifest = await createdAt("2026-05-02T12:00:00.000Z", ["2026-05-02T12:00:02.000Z"]);
  expect(manifest).toEqual({ ...given, createdAt: "2026-05-02T12:00:02.001Z" });
});

test("what is no date of a run dates none", async () => {
  const dates = ["later", "9999-12-31T23:59:59.999Z", "2030", "2030-02-31T00:00:00.000Z"];
  expect(await createdAt("2026-05-02T12:00:00.000Z", dates)).toEqual({
    ...given,
    createdAt: "2026-05-02T12:00:00.000Z",
  });
});
