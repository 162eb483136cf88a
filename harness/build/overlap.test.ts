import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Dataset, ImageId, RgbImage } from "../api.ts";
import { HarnessError } from "../errors.ts";
import type { StoredCalibration } from "../store/storedCalibration.ts";
import { type OverlapCheck, overlapRecord, pixelHash } from "./overlap.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "overlap-"));
  vi.stubEnv("SAM_BENCH_HOME", join(folder, "home"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const imageOf = (grey: number): RgbImage => ({ size: { height: 1, width: 1 }, pixels: new Uint8Array(3).fill(grey) });

const files = (id: ImageId) => join(folder, `${id}.png`);

/** Three images of one pixel, which is as grey as their id says; the third can not be read. */
function dataset(read: ImageId[], photoFile?: Dataset["photoFile"]): Dataset {
  return {
    id: "three",
    fingerprint: "three",
    images: [1, 2, 3].map((id) => ({ id, size: { height: 1, width: 1 } })) as unknown as Dataset["images"],
    categories: [],
    warnings: [],
    read: async (id) => {
      read.push(id);
      if (id === 3) throw new HarnessError("3.png: damaged");
      return imageOf(id);
    },
    photoFile,
    targetsOf: () => [],
    annotationsOf: () => [],
  };
}

function check(scored: Dataset, learned: readonly RgbImage[], watcher: Partial<OverlapCheck> = {}) {
  const calibration: StoredCalibration = {
    schema: 1,
    variant: "learner",
    weights: "w",
    dataset: { id: "own", fingerprint: "own", images: learned.map((_, i) => i) },
    imageHashes: learned.map(pixelHash),
    seed: 0,
    options: {},
    values: {},
  };
  return overlapRecord({
    variant: "learner",
    calibration,
    plan: { dataset: scored, phases: ["accuracy"], overlap: "allowed" },
    progress: () => undefined,
    signal: new AbortController().signal,
    ...watcher,
  });
}

test("every image that is decoded is told, those that can not be read too", async () => {
  const steps: string[] = [];
  const record = await check(dataset([]), [imageOf(2), imageOf(9)], {
    progress: (done, total) => steps.push(`${done}/${total}`),
  });
  expect(record.overlap).toBe(1);
  expect(steps).toEqual(["1/3", "2/3", "3/3"]);
});

test("photos are decoded once, and again where a file changed; drawn images are drawn each time", async () => {
  for (const id of [1, 2, 3]) writeFileSync(files(id), "photo");
  await delay(150);
  const read: ImageId[] = [];
  const opened = () => dataset(read, async (id) => files(id));
  for (let times = 0; times < 3; times++) expect((await check(opened(), [imageOf(1)])).overlap).toBe(1);
  expect(read).toEqual([1, 2, 3]);
  writeFileSync(files(2), "other");
  await check(opened(), [imageOf(1)]);
  expect(read).toEqual([1, 2, 3, 1, 2, 3]);
  const drawn: ImageId[] = [];
  for (let times = 0; times < 2; times++) await check(dataset(drawn), [imageOf(1)]);
  expect(drawn).toEqual([1, 2, 3, 1, 2, 3]);
});

test("a check that is stopped ends the run: it is not known what the variant is calibrated on", async () => {
  const stop = new AbortController();
  const read: ImageId[] = [];
  const stopped = check(dataset(read), [imageOf(1)], { progress: () => stop.abort(), signal: stop.signal });
  await expect(stopped).rejects.toThrow("learner: stopped before it was known");
  expect(read).toEqual([1]);
});
