import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { sha256 } from "../canonical.ts";
import { pullRecordFile, readPullRecord } from "./pullRecord.ts";

const whole = {
  id: "set",
  url: "https://example.org/set.zip",
  bytes: 99,
  sha256: sha256("archive"),
  trust: "published",
  pulledAt: "2024-05-01T12:00:00.000Z",
  places: [{ path: "datasets/set/val", bytes: 3 }],
};

async function readBack(record: unknown) {
  const home = await mkdtemp(join(tmpdir(), "pull-record-"));
  onTestFinished(() => rm(home, { recursive: true }));
  const file = pullRecordFile(home, "set");
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(record));
  return readPullRecord(home, "set");
}

test("a record is read as it was written, and a missing one is none", async () => {
  expect(await readBack(whole)).toEqual(whole);
  expect(await readPullRecord(join(tmpdir(), "no-such-home"), "set")).toBeUndefined();
});

test.each([
  ["no hash", { ...whole, sha256: undefined }],
  ["a hash of another length", { ...whole, sha256: "ab" }],
  ["a size below zero", { ...whole, bytes: -1 }],
  ["a place without its bytes", { ...whole, places: [{ path: "datasets/set/val" }] }],
  ["a reason to trust it that there is not", { ...whole, trust: "hope" }],
])("a record with %s is damaged", async (_, record) => {
  await expect(readBack(record)).rejects.toThrow("set.json: damaged record of a download");
});
