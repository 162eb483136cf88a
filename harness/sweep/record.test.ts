import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAxes } from "./axes.ts";
import { precisions } from "./fixtures/precisions.ts";
import { readSweepRecord, type SweepRecord, writeSweepRecord } from "./record.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const record: SweepRecord = {
  id: "sweep-sam-nano-0123456789ab",
  variant: "sam-nano",
  axes: parseAxes(["batch=1,2", "precision=float,int8"], precisions),
  points: [{ values: { batch: 1, precision: "float" }, run: "sam-nano-0123456789ab" }],
};

test("a record is read as it was written, and the same sweep gives the same bytes", async () => {
  const place = join(folder, "a");
  expect(await readSweepRecord(place)).toBeUndefined();
  await writeSweepRecord(place, record);
  const bytes = readFileSync(join(place, "sweep.json"));
  expect(await readSweepRecord(place)).toEqual(record);
  await writeSweepRecord(place, record);
  expect(readFileSync(join(place, "sweep.json"))).toEqual(bytes);
});

test("a record that was changed by hand is refused by its field", async () => {
  const place = join(folder, "b");
  await writeSweepRecord(place, record);
  const file = join(place, "sweep.json");
  writeFileSync(file, readFileSync(file, "utf8").replace('"precision"', '"colour"'));
  await expect(readSweepRecord(place)).rejects.toThrow(`${file}: field axes.1.name is not as it should be`);
});
